import {
  type CellForm,
  type CellMasker,
  passed,
  type Tally,
  type ValueScanner,
  valueScanner,
} from "../../masking/index.js";
import type { MaskPlan } from "../../vocabulary/index.js";
import { binaryForms, type Rewrite } from "./scan-binary.js";

/** Makes maskers that look for values in cells of a type; null: cells of that type are not looked at. */
export type ScanCells = (typeId: number, format: "text" | "binary") => CellMasker | null;

/** What the plan says of values; null: nothing is looked for. `tally` counts what is found. */
export function scanCells(plan: MaskPlan, key: Buffer, tally: Tally): ScanCells | null {
  if (plan.scan == null) return null;
  const scanner = valueScanner(plan.scan.rules, key);
  const known = new Map<string, CellMasker | null>();
  const make: ScanCells = (typeId, format) => {
    const name = `${format}.${typeId}`;
    let masker = known.get(name);
    if (masker === undefined) {
      masker = format === "text" ? textMasker(scanner, typeId, tally) : binaryMasker(scanner, typeId, tally, forms);
      known.set(name, masker);
    }
    return masker;
  };
  const forms = binaryForms(make);
  return make;
}

const bytea = 17;
const json = 114;
const xml = 142;
const record = 2249;
const jsonb = 3802;

/** text, varchar, bpchar, name, unknown, cstring, citext's base: their bytes are their text. */
const textual: ReadonlySet<number> = new Set([19, 25, 705, 1042, 1043, 2275]);

/** Arrays of these, of json, xml and rows. */
const textualArrays: ReadonlySet<number> = new Set([143, 199, 1002, 1003, 1009, 1014, 1015, 1263, 2287, 3807]);

/** Types of the system whose values are numbers, times, places, addresses or ids, and arrays and ranges of them. */
const others: ReadonlySet<number> = new Set([
  ...[
    16, 18, 20, 21, 22, 23, 24, 26, 27, 28, 29, 30, 600, 601, 602, 603, 604, 628, 650, 700, 701, 718, 774, 790, 829,
    869,
  ],
  ...[1082, 1083, 1114, 1184, 1186, 1266, 1560, 1562, 1700, 2278, 2950, 3220, 3904, 3906, 3908, 3910, 3912, 3926],
  ...[
    651, 775, 791, 1000, 1005, 1006, 1007, 1008, 1010, 1011, 1012, 1013, 1016, 1017, 1018, 1019, 1020, 1021, 1022, 1027,
  ],
  ...[
    1028, 1040, 1041, 1115, 1182, 1183, 1185, 1187, 1231, 1270, 1561, 1563, 2951, 3221, 3905, 3907, 3909, 3911, 3913,
    3927,
  ],
]);

function textMasker(scanner: ValueScanner, typeId: number, tally: Tally): CellMasker | null {
  if (others.has(typeId)) return null;
  if (typeId === bytea) return scanner.bytes ? hexMasker(scanner.masker("text", tally)) : null;
  if (typeId === json || typeId === jsonb) return scanner.masker("json", tally);
  if (typeId === xml) return scanner.masker("xml", tally);
  if (textual.has(typeId)) return scanner.masker("text", tally);
  // Arrays, rows, domains of them, types of extensions: their first character tells.
  const form = (of: CellForm) => scanner.masker(of, tally);
  const plain = form("text");
  const elements = form("elements");
  return (bytes, start, end) =>
    bytes[start] === 0x7b || bytes[start] === 0x28 ? elements(bytes, start, end) : plain(bytes, start, end);
}

function binaryMasker(
  scanner: ValueScanner,
  typeId: number,
  tally: Tally,
  { array, row }: ReturnType<typeof binaryForms>,
): CellMasker | null {
  if (others.has(typeId)) return null;
  if (typeId === bytea) return scanner.bytes ? scanner.masker("text", tally) : null;
  if (typeId === json) return scanner.masker("json", tally);
  if (typeId === jsonb) return versioned(scanner.masker("json", tally));
  if (typeId === xml) return scanner.masker("xml", tally);
  const plain = scanner.masker("text", tally);
  if (textual.has(typeId)) return plain;
  const known =
    (rewrite: Rewrite): CellMasker =>
    (bytes, start, end) =>
      rewrite(bytes, start, end) ?? null;
  if (textualArrays.has(typeId)) return known(array);
  if (typeId === record) return known(row);
  return (bytes, start, end) => {
    // Types of users: rows and arrays tell themselves apart from text by their first bytes.
    const rewritten = row(bytes, start, end) ?? array(bytes, start, end);
    if (rewritten !== undefined && rewritten !== null) return rewritten;
    // Of a form that nobody here knows: text of another length would break it.
    return plain(bytes, start, end) === passed ? passed : null;
  };
}

/** The binary form of jsonb is a version byte and the text. */
function versioned(masker: CellMasker): CellMasker {
  return (bytes, start, end) => {
    if (end === start) return passed;
    const shown = masker(bytes, start + 1, end);
    return shown === passed || shown === null ? shown : Buffer.concat([bytes.subarray(start, start + 1), shown]);
  };
}

/** `\x` and hex digits; the old form with escapes stands there as text. */
function hexMasker(masker: CellMasker): CellMasker {
  return (bytes, start, end) => {
    if (bytes[start] !== 0x5c || bytes[start + 1] !== 0x78) return masker(bytes, start, end);
    const plain = Buffer.from(bytes.toString("latin1", start + 2, end), "hex");
    const shown = masker(plain, 0, plain.length);
    return shown === passed || shown === null ? shown : Buffer.from(`\\x${shown.toString("hex")}`);
  };
}
