import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.js";

/** How long anything may take is no test's matter: these end what hangs, also where a machine is slow and has much to do. */
const patience = { expect: { poll: { timeout: 30_000 } } };

/** Two projects: `unit` needs nothing but Node, `real` needs real servers and clients (installed by `npm test`). */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...patience,
        },
      },
      {
        test: {
          name: "real",
          include: ["test/**/*.test.ts"],
          globalSetup: ["test/support/templates.ts"],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          ...patience,
          // A dozen real processes share two cores here. A test that passes only at the second try is told by name as such.
          retry: process.env.CI ? 1 : 0,
          // Two files at a time: more real servers than that only slow each other down on two cores.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
