import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.js";

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
          // A wait ends when what it waits for is there; how long it may last is for machines that are slow, or busy.
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        test: {
          name: "real",
          include: ["test/**/*.test.ts"],
          globalSetup: ["test/support/templates.ts"],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          expect: { poll: { timeout: 30_000 } },
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
