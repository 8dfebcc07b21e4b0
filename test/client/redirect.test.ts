import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const scenario = fileURLToPath(new URL("./netns-scenario.mjs", import.meta.url));
const built = fileURLToPath(new URL("../../dist/client/tunnel/run-tunnel.js", import.meta.url));

// A network namespace needs root, and is what keeps this test's rules away from the machine's own.
describe.runIf(process.getuid?.() === 0 && process.platform === "linux")(
  "a port that another program holds on every address",
  () => {
    it("is led around by a rule of the kernel, or moved when that is not allowed; nothing is left behind", async () => {
      expect(existsSync(built), "build first: npm run build").toBe(true);
      // vitest's own settings of Node do not fit the scenario.
      const env = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" };
      const { stdout } = await promisify(execFile)("unshare", ["-n", process.execPath, scenario], {
        env,
        timeout: 120_000,
      });
      const seen = JSON.parse(stdout.slice(stdout.indexOf("{")));
      expect(seen.beside).toEqual({
        via: "own",
        port: 5432,
        own: true,
        says: "through hoop",
        neighbours: ["a neighbour", "a neighbour"],
        table: "",
      });
      expect(seen.redirected).toEqual({
        via: "redirected",
        port: 5432,
        command: "psql -h ADDRESS -p 5432",
        says: "through hoop",
        elsewhere: "another program",
        table: "table ip hoop_TAG",
      });
      expect(seen.doctor).toMatchObject({
        result: "ok",
        text: expect.stringMatching(/held on every address by node \(pid \d+, user 0\); a rule of the kernel/),
      });
      expect(seen.after).toBe("");
      expect(seen.moved).toMatchObject({
        via: "other",
        port: 5433,
        says: "through hoop",
        problem: expect.stringContaining("use 5433"),
      });
      expect([seen.crashed, seen.recovered]).toEqual(["table ip hoop_TAG", ""]);
    });
  },
);
