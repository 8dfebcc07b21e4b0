import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compilePolicy } from "./compile.js";
import { criteria } from "./criteria/index.js";
import { parseDocuments } from "./parse-documents.js";

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

/** The documents that a page shows. */
const examplesOf = (text: string) =>
  [...text.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```/gm)]
    .map(([, indent, body]) => body!.replaceAll(new RegExp(`^${indent}`, "gm"), ""))
    .filter((body) => body.includes("apiVersion"));

describe("the documentation", () => {
  it.each(["policy.md", "masking.md"])("shows documents that compile: %s", (name) => {
    const examples = examplesOf(page(name));
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(() => compilePolicy(parseDocuments(example, name))).not.toThrow();
  });

  it("names every criterion", () => {
    for (const { name } of criteria) expect(page("policy.md")).toContain(`\`${name}\``);
  });
});
