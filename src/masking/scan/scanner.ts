import type { Mask, ScanRule } from "../../vocabulary/index.js";
import { maskText } from "../cell.js";
import { type CellMasker, passed } from "../cell-masker.js";
import { mayNameSecrets } from "../detectors/secret.js";
import { hidden } from "../partial.js";
import { binaryFrom, textFrom } from "./binary.js";
import { TooMuchEffort } from "./effort.js";
import { plainElement, scanElements } from "./elements-text.js";
import { Finder } from "./finder.js";
import { type JsonScan, scanJson } from "./json-text.js";
import { replaceHits, type Scanned } from "./replace.js";
import { Tally } from "./tally.js";
import { trait, traitsOf } from "./traits.js";

/** How a cell's text holds values: as it stands, as JSON, as an array or row, as XML. */
export type CellForm = "text" | "json" | "elements" | "xml";

/** Shorter texts hold nothing that a detector of ours finds. */
const shortest = 6;
/** Longer cells are masked whole: 4 MiB. */
const longest = 4_194_304;
/** JSON in a string of JSON, and so on; what is deeper is hidden whole. */
const maxDepth = 4;

/** Looks for values in cells of one set of rules. Holds no state of a session. */
export class ValueScanner {
  readonly rules: readonly ScanRule[];
  /** A rule wants columns of bytes looked at. */
  readonly bytes: boolean;
  readonly #finder: Finder;
  readonly #key: Buffer;
  readonly #keys: boolean;

  constructor(rules: readonly ScanRule[], key: Buffer) {
    this.rules = rules;
    this.bytes = rules.some(({ bytes }) => bytes);
    this.#finder = new Finder(rules);
    this.#key = key;
    this.#keys = rules.some(({ keys }) => keys);
  }

  /** A masker of cells of one form; it answers `passed` for what holds nothing. */
  masker(form: CellForm, tally: Tally): CellMasker {
    const { needs, user } = this.#finder;
    const short = user === null ? shortest : 1;
    // What cannot be looked at is not shown.
    const whole = (why: string): Buffer | null => {
      tally.add(why);
      if (form === "elements") return null;
      return Buffer.from(form === "json" ? `"${hidden}"` : hidden);
    };
    return (bytes, start, end) => {
      const length = end - start;
      if (length < short) return passed;
      if (length > longest) return whole("oversized");
      const traits = traitsOf(bytes, start, end);
      if ((traits & needs) === 0 && user === null) return passed;
      if (tally.effort.over) return whole("too-costly");
      try {
        const scanned = this.scan(bytes.toString("latin1", start, end), form, traits, tally);
        if (scanned === undefined) return passed;
        return scanned === null ? null : Buffer.from(scanned, "latin1");
      } catch (error) {
        if (error instanceof TooMuchEffort) return whole("too-costly");
        throw error;
      }
    };
  }

  /** A text of a message or a log, of no form. */
  text(text: string, tally: Tally): string {
    const binary = binaryFrom(text);
    const bytes = Buffer.from(binary, "latin1");
    const shown = this.masker("text", tally)(bytes, 0, bytes.length);
    return shown === passed ? text : shown === null ? hidden : shown.toString("utf8");
  }

  /** A binary text of a form; `traits` are those of its bytes. */
  scan(text: string, form: CellForm, traits: number, tally: Tally, depth = 0): Scanned {
    switch (form) {
      case "json": {
        const scanned = this.#json(text, traits, tally, depth);
        return scanned === false ? this.#unstructured(text, traits, tally) : scanned;
      }
      case "elements":
        return this.#elements(text, traits, tally, depth);
      case "xml":
        return this.#xml(text, traits, tally);
      case "text":
        return this.#text(text, traits, tally, depth);
    }
  }

  #plain(text: string, traits: number, tally: Tally, write?: (shown: string | null) => string | null): Scanned {
    return replaceHits(text, this.#finder.find(text, traits, tally.effort), this.#key, tally, write);
  }

  #text(text: string, traits: number, tally: Tally, depth: number): Scanned {
    if (/^\s*[[{"]/.test(text)) {
      const scanned = this.#json(text, traits, tally, depth);
      if (scanned !== false) return scanned;
    }
    return this.#unstructured(text, traits, tally);
  }

  #unstructured(text: string, traits: number, tally: Tally): Scanned {
    const scanned = this.#plain(text, traits, tally);
    if (scanned !== undefined || (traits & trait.escape) === 0 || !/\\u00[0-7]/.test(text)) return scanned;
    // Escapes outside of any JSON that we could read: what they hide is hidden whole.
    const decoded = text.replaceAll(/\\u00([0-7][0-9a-fA-F])/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return this.#hideIfFound(decoded, tally);
  }

  #hideIfFound(decoded: string, tally: Tally): Scanned {
    const hits = this.#finder.find(decoded, ~0, tally.effort);
    for (const { kind } of hits) tally.add(kind);
    return hits.length === 0 ? undefined : hidden;
  }

  /** False: it is no JSON. */
  #json(text: string, traits: number, tally: Tally, depth: number): Scanned | false {
    if (depth >= maxDepth) {
      if ((traits & trait.escape) === 0) return false;
      tally.add("too-deep");
      return hidden;
    }
    // Without escapes values stand there as they are: most documents hold none that anything looks like.
    const escaped = (traits & trait.escape) !== 0;
    const { findsNamedSecrets, user } = this.#finder;
    if (!escaped && user === null && (findsNamedSecrets === null || !mayNameSecrets(text))) {
      if (this.#finder.find(text, traits, tally.effort).length === 0) return undefined;
    }
    // What was counted before it turns out to be no JSON does not count.
    const counted = new Tally(tally.effort);
    const scanned = scanJson(text, this.#jsonScan(counted, depth));
    if (scanned !== false) tally.merge(counted);
    return scanned;
  }

  #jsonScan(tally: Tally, depth: number): JsonScan {
    const named = this.#finder.findsNamedSecrets;
    return {
      keys: this.#keys,
      value: (value) => {
        const bytes = Buffer.from(value, "latin1");
        const traits = traitsOf(bytes, 0, bytes.length);
        const { needs, user } = this.#finder;
        if ((traits & needs) === 0 && user === null) return undefined;
        return this.#text(value, traits, tally, depth + 1);
      },
      named: named === null ? null : (value) => this.#named(named, value, tally),
    };
  }

  #named(mask: Mask, value: string, tally: Tally): string | null {
    tally.add("secret");
    const shown = maskText(mask, textFrom(value), this.#key);
    return shown === null ? null : binaryFrom(shown);
  }

  #elements(text: string, traits: number, tally: Tally, depth: number): Scanned {
    // Quotes matter where they hold escapes, or JSON whose shape a replacement must not break.
    if (!text.includes('"')) return this.#plain(text, traits, tally, plainElement);
    return scanElements(
      text,
      (inside) => {
        const bytes = Buffer.from(inside, "latin1");
        const its = traitsOf(bytes, 0, bytes.length);
        // A row in an array, and the other way round.
        if (depth < maxDepth && inside.startsWith("(")) return this.#elements(inside, its, tally, depth + 1);
        return this.#text(inside, its, tally, depth);
      },
      (between) => this.#plain(between, traits, tally, plainElement),
    );
  }

  #xml(text: string, traits: number, tally: Tally): Scanned {
    const scanned = this.#plain(text, traits, tally, escapeXml);
    if (scanned !== undefined || (traits & trait.entity) === 0) return scanned;
    const decoded = text.replaceAll(
      /&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));/g,
      (whole, hex?: string, number?: string) => {
        const code = hex === undefined ? Number(number) : Number.parseInt(hex, 16);
        return code < 0x80 ? String.fromCharCode(code) : whole;
      },
    );
    return decoded === text ? undefined : this.#hideIfFound(decoded, tally);
  }
}

const escapeXml = (shown: string | null) => shown?.replaceAll("&", "&amp;").replaceAll("<", "&lt;") ?? null;

/** Scanners by what their rules say: a new version of the policy seldom changes it. */
const kept = new WeakMap<Buffer, Map<string, ValueScanner>>();
const maxKept = 64;
const byRules = new WeakMap<readonly ScanRule[], { readonly key: Buffer; readonly scanner: ValueScanner }>();

/** The scanner of these very rules, compiled once. Throws HoopError `invalid` for a pattern that nobody checked. */
export function valueScanner(rules: readonly ScanRule[], key: Buffer): ValueScanner {
  const known = byRules.get(rules);
  if (known?.key === key) return known.scanner;
  let ofKey = kept.get(key);
  if (!ofKey) {
    ofKey = new Map();
    kept.set(key, ofKey);
  }
  const name = JSON.stringify(rules);
  let scanner = ofKey.get(name);
  if (!scanner) {
    scanner = new ValueScanner(rules, key);
    if (ofKey.size >= maxKept) ofKey.clear();
    ofKey.set(name, scanner);
  }
  byRules.set(rules, { key, scanner });
  return scanner;
}
