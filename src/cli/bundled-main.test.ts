import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundledMain } from "./bundled-main.js";

describe("the bundled program", () => {
  let folder: string;
  let dist: URL;
  const compiled = () => join(folder, ".tsbuildinfo");
  const bundle = () => {
    const { size, mtimeMs } = statSync(compiled());
    mkdirSync(join(folder, "bundle"), { recursive: true });
    writeFileSync(join(folder, "bundle", ".built"), `${size} ${mtimeMs}`);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hoop-bundle-"));
    dist = pathToFileURL(`${folder}/`);
    writeFileSync(compiled(), "as compiled");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("runs where it was made of just what was compiled", () => {
    bundle();
    expect(bundledMain(dist)?.href).toBe(new URL("bundle/main.js", dist).href);
  });

  test("does not where there is none, or nothing says what was compiled", () => {
    expect(bundledMain(dist)).toBeNull();
    bundle();
    rmSync(compiled());
    expect(bundledMain(dist)).toBeNull();
  });

  test("does not once anything was compiled after it, or before it", () => {
    bundle();
    const { mtimeMs } = statSync(compiled());
    for (const seconds of [1, -1]) {
      utimesSync(compiled(), new Date(mtimeMs), new Date(mtimeMs + seconds * 1_000));
      expect(bundledMain(dist)).toBeNull();
    }
    bundle();
    writeFileSync(compiled(), "as compiled anew");
    expect(bundledMain(dist)).toBeNull();
  });
});
