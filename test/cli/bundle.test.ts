import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundledMain } from "../../src/cli/bundled-main.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const dist = pathToFileURL(join(root, "dist/"));

/** What a command line answers when its main module is this one. */
async function answers(main: URL, args: readonly string[], home: string): Promise<string> {
  const program = `const { main } = await import(${JSON.stringify(main.href)}); process.exitCode = await main(process.argv.slice(1), process.env);`;
  const env = { PATH: process.env.PATH, HOOP_HOME: home };
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program, "--", ...args], { env });
  return stdout;
}

describe("the program in one piece", () => {
  let home: string;
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "hoop-bundle-"));
    await run(process.execPath, [join(root, "scripts", "bundle.mjs")]);
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  test("is what `hoop` runs once it is built, and says what its modules say", async () => {
    const bundled = bundledMain(dist);
    expect(bundled).not.toBeNull();
    const modules = new URL("cli/main.js", dist);
    for (const args of [["--version"], ["--help"], ["gateway", "--help"], ["policy", "--help"]]) {
      const said = await answers(bundled!, args, home);
      expect(said.length).toBeGreaterThan(4);
      expect(said).toBe(await answers(modules, args, home));
    }
  });
});
