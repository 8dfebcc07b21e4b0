import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DetectorName, detectorGroups, detectorNames, type ScanRule } from "../../vocabulary/index.js";
import { Finder } from "../scan/finder.js";
import { traitsOf } from "../scan/traits.js";
import { inContext, negatives, positives } from "./corpus.js";
import { detectors } from "./index.js";

const rule = (detect: readonly DetectorName[]): ScanRule => ({
  rule: "r",
  detect,
  patterns: [],
  mask: { method: "redact" },
  keys: false,
  bytes: false,
});
const alone = new Map(detectorNames.map((name) => [name, new Finder([rule([name])])]));
const everything = new Finder([rule(detectorNames)]);
const usual = new Finder([rule(detectorGroups.all)]);

const binary = (text: string) => Buffer.from(text, "utf8").toString("latin1");
const traits = (text: string) => traitsOf(Buffer.from(text, "latin1"), 0, text.length);
const found = (finder: Finder, text: string) => {
  const bytes = binary(text);
  const its = traits(bytes);
  if ((its & finder.needs) === 0) return [];
  return finder
    .find(bytes, its)
    .map(({ start, end, kind }) => [kind, Buffer.from(bytes.slice(start, end), "latin1").toString("utf8")]);
};

it("has a detector for every name, and a name for every detector", () => {
  expect([...detectors.keys()].toSorted()).toEqual([...detectorNames].toSorted());
});

describe.each(
  Object.entries(positives).filter(([, values]) => values.length > 0) as [DetectorName, readonly string[]][],
)("%s", (name, values) => {
  it.each(values.map((value) => [value]))("finds %s, alone and between others", (value) => {
    for (const text of [value, `x ${value} y`, `"${value}"`, `(${value},`, `a,${value};b`, `${value}\n`]) {
      expect(found(alone.get(name)!, text)).toEqual([[name, value]]);
    }
  });

  it.each(values.map((value) => [value]))("is no part of a word: %s", (value) => {
    if (name === "email" || name === "private-key" || name === "slack-token" || name === "phone") return;
    expect(found(alone.get(name)!, `abc${value}`)).toEqual([]);
  });
});

it.each(inContext)("in %j finds the %s %s", (text, name, value) => {
  expect(found(alone.get(name)!, text)).toEqual([[name, value]]);
});

it.each(negatives.map((text) => [text]))("finds nothing in %j", (text) => {
  expect(found(usual, text)).toEqual([]);
});

describe("the cheap tests in front", () => {
  const values = detectorNames.flatMap((name) => positives[name].map((value) => ({ name, value })));
  const contexts = inContext.map(([value, name]) => ({ name, value }));

  it("let through whatever the exact one finds", () => {
    const noise = fc.string({ unit: fc.constantFrom(..."aZ09 -./:=@_\"'\\,;+()\néж漢"), maxLength: 30 });
    fc.assert(
      fc.property(fc.constantFrom(...values, ...contexts), noise, noise, ({ name, value }, before, behind) => {
        const text = binary(`${before}${value}${behind}`);
        const exact: [number, number][] = [];
        detectors.get(name)!.find(text, (start, end) => exact.push([start, end]));
        const hits = alone.get(name)!.find(text, traits(text));
        for (const [start, end] of exact) {
          expect(hits.some((hit) => hit.start <= start && hit.end >= end)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("say nothing of random text that the exact ones would not", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789 -.+()@abAXYZ:="), maxLength: 200 }), (text) => {
        for (const [name, detector] of detectors) {
          const exact: [number, number][] = [];
          detector.find(text, (start, end) => exact.push([start, end]));
          for (const [start, end] of exact) expect(start >= 0 && end <= text.length && start < end).toBe(true);
          const hits = alone.get(name)!.find(text, traits(text));
          expect(hits.length > 0).toBe(exact.length > 0);
        }
      }),
      { numRuns: 500 },
    );
  });
});

it("changes one digit and finds nothing, where there is a check digit", () => {
  const checked: readonly DetectorName[] = [
    "iban",
    "fr-nir",
    "in-aadhaar",
    "br-cpf",
    "ch-ahv",
    "de-tax-id",
    "cn-resident-id",
  ];
  for (const name of checked) {
    for (const value of positives[name]) {
      const digits = [...value.matchAll(/[0-9]/g)];
      for (const { index } of digits.slice(4)) {
        const changed = `${value.slice(0, index)}${(Number(value[index]) + 1) % 10}${value.slice(index + 1)}`;
        expect(found(alone.get(name)!, changed), `${name} ${changed}`).toEqual([]);
      }
    }
  }
});

describe("hostile text of a megabyte", () => {
  const fill = (unit: string) => unit.repeat(Math.ceil(1_000_000 / unit.length)).slice(0, 1_000_000);
  it.each([
    ["at signs", "@"],
    ["almost addresses", "a@a@"],
    ["digits", "4"],
    ["almost cards", "4111 1111 1111 1112 "],
    ["digits apart", "1 "],
    ["fours apart", "4 "],
    ["almost phones", "+1 212 555 01 "],
    ["almost IBANs", "DE89 3704 0044 0532 0130 01 "],
    ["beginnings of tokens", "eyJ"],
    ["beginnings of keys", "-----BEGIN RSA PRIVATE KEY-----"],
    ["names of secrets", "token"],
    ["secrets without end", "password_secret_token_key"],
    ["values without end", 'secret="'],
    ["addresses of hosts", "a://b:c"],
    ["letters", "a"],
    ["dots and digits", "1.1."],
    ["colons", "a:"],
  ])("of %s takes no more time than its length asks for", { timeout: 20_000 }, (_, unit) => {
    const text = fill(unit);
    for (const { start, end } of everything.find(text)) expect(end).toBeGreaterThan(start);
  });
});
