import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { detectors } from "./index.js";

it("describes every detector in docs/detectors.md, in the order of their weight", () => {
  const page = readFileSync(new URL("../../../docs/detectors.md", import.meta.url), "utf8");
  const rows = [...detectors.values()].map(({ name, finds }) => `| \`${name}\` | ${finds} |`);
  expect(page).toContain(rows.join("\n"));
});
