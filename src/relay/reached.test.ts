import { describe, expect, it } from "vitest";
import type { SqlAnalysis } from "../sql/analyser.js";
import type { Catalogue, CatalogueFunction } from "../vocabulary/index.js";
import { noCatalogue, plainAnalysis } from "./plain-analysis.js";
import { reachedDigest } from "./reached.js";

const analysis: SqlAnalysis = plainAnalysis({
  shape: "",
  effects: ["read"],
  resources: [],
  attributes: {},
  unknowns: [],
});

function withFunction(name: string, body: string): Catalogue {
  const fn: CatalogueFunction = {
    id: 20_000,
    schema: "public",
    name,
    kind: "function",
    language: "sql",
    volatility: "volatile",
    securityDefiner: false,
    body,
  };
  return { ...noCatalogue, functions: [fn] };
}

function changes(text: string, name: string): boolean {
  const digest = (body: string) => reachedDigest(text, analysis, withFunction(name, body)).digest;
  return digest("select 1") !== digest("select 2");
}

describe("what an approval stands on", () => {
  it("is every function that the text may call, in quotes or not", () => {
    expect(changes("select purge()", "purge")).toBe(true);
    expect(changes('select "Purge"()', "Purge")).toBe(true);
    expect(changes('select "two words"()', "two words")).toBe(true);
    expect(changes('select "a""b"()', 'a"b')).toBe(true);
  });

  it("is not a function that the text does not so much as mention", () => {
    expect(changes("select 1", "purge")).toBe(false);
  });
});
