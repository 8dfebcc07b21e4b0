import { describe, expect, it } from "vitest";
import { criteria } from "./criteria/index.js";
import { policyReference } from "./reference.js";

describe("the policy reference", () => {
  it("is the page in the documentation: `vitest run --project unit src/policy/reference -u` writes it anew", async () => {
    await expect(policyReference()).toMatchFileSnapshot("../../docs/policy-reference.md");
  });

  it("has every criterion", () => {
    for (const { name } of criteria) expect(policyReference()).toContain(`### ${name}\n`);
  });
});
