import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compilePolicy } from "./compile.js";
import { criteria } from "./criteria/index.js";
import { parseDocuments } from "./parse-documents.js";

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

/** Reactions, runbooks and roles are looked at by their own rooms. */
const policyKinds = /^kind: (access|guard|mask)$/m;

/** The documents that a page shows. */
const examplesOf = (text: string) =>
  [...text.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```/gm)]
    .map(([, indent, body]) => body!.replaceAll(new RegExp(`^${indent}`, "gm"), ""))
    .filter((body) => body.includes("apiVersion"));

describe("the documentation", () => {
  const pages = readdirSync(new URL("../../docs", import.meta.url), { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".md") && examplesOf(page(name)).some((text) => policyKinds.test(text)),
  );

  it("is looked at where it shows documents", () => {
    expect(pages).toEqual(expect.arrayContaining(["policy.md", "masking.md", "reviews.md"]));
  });

  it.each(pages)("shows documents that compile: %s", (name) => {
    const examples = examplesOf(page(name)).filter((text) => policyKinds.test(text));
    for (const example of examples) expect(() => compilePolicy(parseDocuments(example, name))).not.toThrow();
  });

  it("names every criterion", () => {
    for (const { name } of criteria) expect(page("policy.md")).toContain(`\`${name}\``);
  });
});
