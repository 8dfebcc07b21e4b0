import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detectorGroups, type Mask, type ScanRule } from "../../vocabulary/index.js";
import { passed } from "../cell-masker.js";
import { inContext, negatives, positives, someKey } from "../detectors/corpus.js";
import { type CellForm, createStreamScanner, Tally, valueScanner } from "./index.js";

const key = Buffer.alloc(32, 7);
const redact: Mask = { method: "redact" };
const rules = (more: Partial<ScanRule> = {}): readonly ScanRule[] => [
  { rule: "r", detect: detectorGroups.all, patterns: [], mask: redact, keys: false, bytes: false, ...more },
];
const usual = rules();

function scan(text: string, form: CellForm = "text", which = usual, tally = new Tally()): string | null {
  const bytes = Buffer.from(`[[${text}]]`);
  const shown = valueScanner(which, key).masker(form, tally)(bytes, 2, bytes.length - 2);
  return shown === passed ? text : shown === null ? null : shown.toString("utf8");
}

describe("a scanned cell", () => {
  it.each([
    [redact, "a jane@example.com b", "a *** b"],
    [{ method: "partial" }, "jane@example.com, 4111111111111111", "j***@e***.com, ***1111"],
    [{ method: "partial", as: "text" }, "to jane@example.com", "to j***m"],
    [{ method: "fixed", value: "—" }, "é jane@example.com é", "é — é"],
    [{ method: "null" }, "a jane@example.com b", null],
  ] as const)("under %j of %j shows %j", (mask, text, shown) => {
    expect(scan(text, "text", rules({ mask }))).toBe(shown);
  });

  it("counts what it finds by kind", () => {
    const tally = new Tally();
    scan("jane@example.com joe@example.com 4111111111111111", "text", usual, tally);
    expect(tally.take()).toEqual({ email: 2, card: 1 });
    expect(tally.take()).toBeUndefined();
  });

  it("uses the mask of the first rule that looks for the same", () => {
    const two = [...rules({ detect: ["email"] }), ...rules({ mask: { method: "fixed", value: "second" } })];
    expect(scan("jane@example.com 4111111111111111", "text", two)).toBe("*** second");
  });

  it("leaves no value of the corpus behind, whatever is around it", () => {
    const noise = fc.string({ unit: fc.constantFrom(..." \n\t,;()<>é漢"), maxLength: 8 });
    const values = Object.values(positives)
      .flat()
      .filter((value) => scan(value) !== value);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(noise, fc.constantFrom(...values)), { minLength: 1, maxLength: 5 }),
        noise,
        (parts, end) => {
          const text = `${parts.map(([before, value]) => ` ${before} ${value}`).join("")} ${end}`;
          const shown = scan(text)!;
          for (const [, value] of parts) expect(shown).not.toContain(value);
          // What was masked holds nothing any more.
          expect(scan(shown)).toBe(shown);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps any other bytes, in any encoding", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom<CellForm>("text", "json", "elements", "xml"),
        (raw, form) => {
          const bytes = Buffer.from(raw);
          const before = Buffer.from(raw);
          const shown = valueScanner(usual, key).masker(form, new Tally())(bytes, 0, bytes.length);
          expect(bytes.equals(before)).toBe(true);
          if (shown !== passed && shown !== null) expect(shown.equals(bytes)).toBe(false);
        },
      ),
    );
  });

  it("finds what lies across two pieces of a long text", () => {
    for (const shift of [-20, -8, -1, 0, 1]) {
      const head = "x ".repeat(524_288 + Math.floor(shift / 2));
      expect(scan(`${head}jane@example.com ${"y ".repeat(40_000)}`)).not.toContain("jane");
    }
  });

  it("hides whole what is too long to look at", () => {
    const tally = new Tally();
    expect(scan("x ".repeat(5_000_000), "text", usual, tally)).toBe("***");
    expect(scan("x ".repeat(5_000_000), "json")).toBe('"***"');
    expect(tally.take()).toEqual({ oversized: 1 });
  });
});

describe("JSON", () => {
  const json = (text: string, which = usual) => scan(text, "json", which);

  it.each([
    ['{"a":"jane@example.com"}', '{"a":"***"}'],
    ['{"a" : "x \\u006aane\\u0040example.com y"}', '{"a" : "x *** y"}'],
    ['{"a":"jane\\u0040example.com", "b": "é\\n"}', '{"a":"***", "b": "é\\n"}'],
    ["[4111111111111111, 1]", '["***", 1]'],
    ['{"n":-4111111111111111.0}', '{"n":-4111111111111111.0}'],
    ['"jane@example.com"', '"***"'],
    ['{"jane@example.com": 1}', '{"jane@example.com": 1}'],
    ['{"password": "hunter2"}', '{"password": "***"}'],
    ['{"dbPassword" : "correct horse battery"}', '{"dbPassword" : "***"}'],
    ['{"password": ""}', '{"password": ""}'],
    ['{"o": "{\\"m\\": \\"jane\\\\u0040example.com\\"}"}', '{"o": "{\\"m\\": \\"***\\"}"}'],
    ['{"key": "value", "token": "string"}', '{"key": "value", "token": "string"}'],
    ["{}", "{}"],
    ["null", "null"],
  ])("%s becomes %s", (before, after) => {
    expect(json(before)).toBe(after);
    // A text that happens to be JSON is read the same.
    if (/^[[{"]/.test(before)) expect(scan(before)).toBe(after);
  });

  it("looks at names of members where the rule says so", () => {
    expect(json('{"jane@example.com": {"a": 1}}', rules({ keys: true }))).toBe('{"***": {"a": 1}}');
  });

  it("becomes null where the mask does", () => {
    expect(json('{"a": "jane@example.com", "n": 4111111111111111}', rules({ mask: { method: "null" } }))).toBe(
      '{"a": null, "n": null}',
    );
  });

  it("stays JSON, with the same shape, under every mask", () => {
    const masks: readonly Mask[] = [
      redact,
      { method: "null" },
      { method: "fixed", value: 'q"\\\n\u{1f600}' },
      { method: "hash" },
      { method: "partial" },
      { method: "tokenize", purpose: "p" },
    ];
    const leaf = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 20 }),
      fc.constantFrom(
        "jane@example.com",
        "x jane@example.com",
        "4111 1111 1111 1111",
        '{"a":"jane@example.com"}',
        "\\u0040",
      ),
      fc.constantFrom(4111111111111111, 1, -2.5, true, null),
    );
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("node"), { maxLength: 4 }),
        fc.dictionary(fc.string({ maxLength: 6 }), tie("node"), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(value, fc.constantFrom(...masks), fc.boolean(), (tree, mask, escaped) => {
        let text = JSON.stringify(tree);
        if (escaped) text = text.replaceAll("@", "\\u0040");
        const shown = json(text, rules({ mask }))!;
        const parsed: unknown = JSON.parse(shown);
        expect(JSON.stringify(parsed)).not.toContain("jane@example.com");
        expect(shapeOf(parsed)).toEqual(shapeOf(tree));
      }),
      { numRuns: 300 },
    );
  });

  it("of any depth costs its length", () => {
    const deep = `${'{"a":['.repeat(200_000)}"jane\\u0040example.com"${"]}".repeat(200_000)}`;
    expect(json(deep)).toBe(deep.replace("jane\\u0040example.com", "***"));
    let nested = "jane@example.com";
    for (let i = 0; i < 8; i++) nested = JSON.stringify({ a: nested });
    expect(json(nested)).not.toContain("jane");
  });

  it("that is cut off is looked at as text", () => {
    expect(json('{"a": "jane@example.com", "b')).toBe('{"a": "***", "b');
    expect(json('{"a": "jane\\u0040example.com", "b')).toBe("***");
    expect(scan("[note] jane@example.com")).toBe("[note] ***");
    expect(scan('level=info body={"m":"jane\\u0040example.com"}')).toBe("***");
  });
});

/** Which members and how many elements; leaves are alike. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (value === null || typeof value !== "object") return 0;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}

describe("arrays and rows", () => {
  it.each([
    ["{jane@example.com,b}", "{***,b}"],
    ['{"x jane@example.com",b}', '{"x ***",b}'],
    ['{"{\\"a\\": \\"jane\\\\u0040example.com\\"}"}', '{"{\\"a\\": \\"***\\"}"}'],
    ['(1,"jane@example.com ""x""")', '(1,"*** ""x""")'],
    ['{"(1,\\"a jane@example.com\\")"}', '{"(1,\\"a ***\\")"}'],
    ["{NULL,1}", "{NULL,1}"],
    ["{}", "{}"],
  ])("%s becomes %s", (before, after) => expect(scan(before, "elements")).toBe(after));

  it("show three stars where the mask's word would need quotes", () => {
    const mask: Mask = { method: "fixed", value: "a,b" };
    expect(scan("{jane@example.com}", "elements", rules({ mask }))).toBe("{***}");
    expect(scan('{"x jane@example.com"}', "elements", rules({ mask }))).toBe('{"x a,b"}');
    expect(scan("{jane@example.com,b}", "elements", rules({ mask: { method: "null" } }))).toBe("{***,b}");
  });
});

describe("XML", () => {
  it("is looked at with its references decoded", () => {
    expect(scan("<a>jane@example.com</a>", "xml")).toBe("<a>***</a>");
    expect(scan("<a>jane&#x40;example.com</a>", "xml")).toBe("***");
    expect(scan("<a>a &amp; b &#64;</a>", "xml")).toBe("<a>a &amp; b &#64;</a>");
    expect(scan("<a>jane@example.com</a>", "xml", rules({ mask: { method: "fixed", value: "<&" } }))).toBe(
      "<a>&lt;&amp;</a>",
    );
  });
});

describe("users' patterns", () => {
  const own = (pattern: string) => rules({ detect: [], patterns: [{ name: "own", pattern }] });

  it("see text, not bytes, and are told apart from each other", () => {
    const tally = new Tally();
    expect(scan("é Ünï-42 漢", "text", own("\\p{L}+-[0-9]+"), tally)).toBe("é *** 漢");
    expect(tally.take()).toEqual({ own: 1 });
  });

  it("hide a text whole in which they find too much", () => {
    expect(scan("ab ".repeat(20_000), "text", own("ab"))).toBe("***");
  });

  it("take time in proportion, whatever they say", { timeout: 20_000 }, () => {
    const text = "a".repeat(100_000);
    expect(scan(`${text}!`, "text", own("^(a+)+$"))).toBe(`${text}!`);
  });
});

describe("a stream", () => {
  const values = [...Object.values(positives).flat(), ...inContext.map(([text]) => text), ...negatives];
  const through = (which: readonly ScanRule[], chunks: readonly Buffer[]) => {
    const scanner = createStreamScanner(which, key);
    return Buffer.concat([...chunks.map((chunk) => scanner.push(chunk)), scanner.flush()]).toString("latin1");
  };
  const cut = (bytes: Buffer, at: readonly number[]) => {
    const places = [0, ...[...at].map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    return places.slice(1).map((place, i) => Buffer.from(bytes.subarray(places[i], place)));
  };

  it("comes out the same however it is cut", () => {
    const text = fc
      .array(fc.oneof(fc.constantFrom(...values), fc.string({ maxLength: 20 }), fc.constantFrom("\n", "\r\n", " ")), {
        maxLength: 12,
      })
      .map((parts) => Buffer.from(parts.join(" ")));
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 8 }), (bytes, at) => {
        expect(through(usual, cut(bytes, at))).toBe(through(usual, [Buffer.from(bytes)]));
      }),
      { numRuns: 300 },
    );
  });

  it("byte by byte too", () => {
    const bytes = Buffer.from(`a ${someKey}\nmail jane@example.com\n${values.join("\n")}`);
    const whole = through(usual, [Buffer.from(bytes)]);
    expect(
      through(
        usual,
        [...bytes].map((byte) => Buffer.from([byte])),
      ),
    ).toBe(whole);
    expect(whole).not.toContain("jane");
    expect(whole).not.toContain(someKey.slice(40, 100));
  });

  it("of one endless line is looked at piece by piece, and comes out the same however it is cut", () => {
    for (const shift of [0, 5, 12, 17, 30]) {
      const text = `${"lorem ".repeat(10_921)}${"-".repeat(shift)} jane@example.com ${"x".repeat(90_000)} 4111111111111111 ${"y ".repeat(60_000)}`;
      const bytes = Buffer.from(text);
      const whole = through(usual, [Buffer.from(bytes)]);
      expect(whole).not.toContain("jane");
      expect(whole).not.toContain("4111111111111111");
      expect(whole.endsWith("y y ")).toBe(true);
      for (const size of [1_000, 65_536, 100_000]) {
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) chunks.push(Buffer.from(bytes.subarray(at, at + size)));
        expect(through(usual, chunks)).toBe(whole);
      }
    }
  });

  it("covers a token that is longer than what can be looked at, to its end", () => {
    const jwt = `${Buffer.from('{"alg":"HS256"}').toString("base64url")}.${"a1B2".repeat(40_000)}.${"c3D4".repeat(10)}`;
    const shown = through(usual, [Buffer.from(`t ${jwt} end of it\n`)]);
    expect(shown).not.toContain("a1B2");
    expect(shown).not.toContain("c3D4");
    expect(shown.endsWith(" end of it\n")).toBe(true);
  });

  it("lets whole lines go at once and the rest when it is asked for it", () => {
    const scanner = createStreamScanner(usual, key);
    expect(scanner.push(Buffer.from("a\nb\nlogin: ")).toString()).toBe("a\nb\n");
    expect(scanner.flush().toString()).toBe("login: ");
    expect(scanner.push(Buffer.from("jane@example.com\n")).toString()).toBe("***\n");
    expect(scanner.detected()).toEqual({ email: 1 });
  });

  it("swallows a private key that never ends only so far", () => {
    const begin = someKey.slice(0, 31);
    const shown = through(usual, [Buffer.from(`x\n${begin}\n${"abcd\n".repeat(30_000)}after\n`)]);
    expect(shown).toContain("after");
    expect(shown.length).toBeLessThan(100_000);
  });
});
