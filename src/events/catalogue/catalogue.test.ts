import { describe, expect, it } from "vitest";
import { catalogue, typeOf } from "./index.js";

describe("the catalogue", () => {
  it("names each type once", () => {
    expect(new Set(catalogue.map(({ type }) => type)).size).toBe(catalogue.length);
  });

  it.each(catalogue.map((type) => [type.type, type] as const))("has a valid sample of %s", (_, { data, sample }) => {
    expect(data.strict().parse(sample.data)).toEqual(sample.data);
    expect(JSON.stringify(sample).length).toBeLessThan(4_096);
  });

  it("makes drafts of their type and version", () => {
    const { sample, draft } = typeOf("agent.up")!;
    expect(draft({ ...sample, data: sample.data })).toEqual(sample);
  });
});
