import { defineConfig } from "vitest/config";

/** Two projects: `unit` needs nothing but Node, `real` needs real servers and clients (installed by `npm test`). */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts"], testTimeout: 20_000 } },
      {
        test: {
          name: "real",
          include: ["test/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Two cores: real servers side by side only slow each other down.
          fileParallelism: false,
        },
      },
    ],
  },
});
