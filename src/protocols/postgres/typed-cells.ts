import { type CellMasker, createCellMasker, keyedHash, maskText } from "../../masking/index.js";
import type { Mask } from "../../vocabulary/index.js";
import { tokenCells } from "./token-cells.js";

/** Object identifiers of types, fixed in every PostgreSQL (`src/include/catalog/pg_type.dat`). */
const oid = {
  bool: 16,
  bytea: 17,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  xml: 142,
  cidr: 650,
  float4: 700,
  float8: 701,
  unknown: 705,
  macaddr: 829,
  inet: 869,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  timetz: 1266,
  numeric: 1700,
  cstring: 2275,
  uuid: 2950,
  jsonb: 3802,
} as const;

/** Array types by what they hold. */
const arrays: Readonly<Record<number, number>> = {
  199: oid.json,
  651: oid.cidr,
  1000: oid.bool,
  1001: oid.bytea,
  1003: oid.name,
  1005: oid.int2,
  1007: oid.int4,
  1009: oid.text,
  1014: oid.bpchar,
  1015: oid.varchar,
  1016: oid.int8,
  1021: oid.float4,
  1022: oid.float8,
  1028: oid.oid,
  1041: oid.inet,
  1115: oid.timestamp,
  1182: oid.date,
  1183: oid.time,
  1185: oid.timestamptz,
  1187: oid.interval,
  1231: oid.numeric,
  2951: oid.uuid,
  3807: oid.jsonb,
};

const textual: ReadonlySet<number> = new Set([
  oid.text,
  oid.varchar,
  oid.bpchar,
  oid.name,
  oid.xml,
  oid.unknown,
  oid.cstring,
]);

type Format = "text" | "binary";

const toNull: CellMasker = () => null;
const always = (value: Buffer | null): CellMasker => (value === null ? toNull : () => value);

/**
 * Masks values of one column so that they stay values of its type in its format: a driver that expects four bytes of
 * int4 gets four. Where no value of the type can stand for the mask, NULL.
 */
export function typedCellMasker(mask: Mask, typeId: number, format: Format, key: Buffer): CellMasker {
  if (mask.method === "null") return toNull;
  if (textual.has(typeId)) return createCellMasker(mask, key);
  if (typeId === oid.json || typeId === oid.jsonb)
    return jsonMasker(mask, typeId === oid.jsonb && format === "binary", key);
  if (mask.method === "tokenize") {
    const tokens = tokenCells(mask, typeId, format, key);
    if (tokens !== null) return tokens;
  }
  const element = arrays[typeId];
  if (element !== undefined) return always(mask.method === "fixed" ? null : emptyArray(element, format));
  const make = scalars[typeId];
  if (make === undefined) return toNull;
  if (mask.method === "fixed") return always(make(mask.value, format));
  if (mask.method !== "hash") return always(make(null, format));
  if (!hashable.has(typeId)) return always(make(null, format));
  return (bytes, start, end) => make(hashWord(typeId, keyedHash(key, bytes.subarray(start, end))), format);
}

function jsonMasker(mask: Mask, versioned: boolean, key: Buffer): CellMasker {
  const wrap = (text: string | null): Buffer | null => {
    if (text === null) return null;
    const json = Buffer.from(JSON.stringify(text), "utf8");
    // The binary form of jsonb is a version byte and the text.
    return versioned ? Buffer.concat([Buffer.from([1]), json]) : json;
  };
  if (mask.method === "tokenize") {
    // Equal documents stay equal; of what is in them nothing is kept.
    return (bytes, start, end) =>
      wrap(
        maskText(
          { ...mask, as: "text" },
          `json ${keyedHash(key, bytes.subarray(versioned ? start + 1 : start, end))}`,
          key,
        ),
      );
  }
  if (mask.method !== "hash")
    return always(wrap(maskText(mask.method === "partial" ? { method: "redact" } : mask, "", key)));
  return (bytes, start, end) => wrap(keyedHash(key, bytes.subarray(versioned ? start + 1 : start, end)));
}

function emptyArray(element: number, format: Format): Buffer {
  if (format === "text") return Buffer.from("{}");
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(element, 8);
  return bytes;
}

/** Where a value can carry a hash: equal ones stay equal. Of the same source in text and in binary they differ. */
const hashable: ReadonlySet<number> = new Set([
  oid.int2,
  oid.int4,
  oid.int8,
  oid.oid,
  oid.float4,
  oid.float8,
  oid.numeric,
  oid.uuid,
  oid.bytea,
]);

function hashWord(typeId: number, hash: string): string {
  switch (typeId) {
    case oid.uuid: {
      const hex = `${hash}${hash}`;
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    }
    case oid.bytea:
      return `\\x${hash}`;
    case oid.int2:
      return String(Number.parseInt(hash.slice(0, 8), 16) % 32_768);
    case oid.int8:
      return BigInt.asUintN(62, BigInt(`0x${hash}`)).toString();
    default:
      return String(Number.parseInt(hash.slice(0, 8), 16) % 2_147_483_648);
  }
}

/** Makes a value: of this text, or the type's own zero for null. Answers null when the text is no such value. */
type MakeScalar = (text: string | null, format: Format) => Buffer | null;

function integer(size: 2 | 4 | 8, unsigned = false): MakeScalar {
  const bits = BigInt(size * 8);
  const [low, high] = unsigned ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
  return (text, format) => {
    const digits = text ?? "0";
    if (!/^-?[0-9]{1,19}$/.test(digits)) return null;
    const value = BigInt(digits);
    if (value < low || value > high) return null;
    if (format === "text") return Buffer.from(value.toString());
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return bytes.subarray(8 - size);
  };
}

function float(size: 4 | 8): MakeScalar {
  return (text, format) => {
    const value = Number(text ?? "0");
    if (!Number.isFinite(value) || text === "") return null;
    if (format === "text") return Buffer.from(String(value));
    const bytes = Buffer.alloc(size);
    if (size === 4) bytes.writeFloatBE(value);
    else bytes.writeDoubleBE(value);
    return bytes;
  };
}

const numeric: MakeScalar = (text, format) => {
  const digits = text ?? "0";
  if (format === "text") return /^-?[0-9]{1,100}(?:\.[0-9]{1,100})?$/.test(digits) ? Buffer.from(digits) : null;
  if (!/^[0-9]{1,12}$/.test(digits)) return null;
  // Digits of base 10,000, most significant first: count, weight of the first, sign, scale, then the digits.
  const groups: number[] = [];
  for (let rest = Number(digits); rest > 0; rest = Math.floor(rest / 10_000)) groups.unshift(rest % 10_000);
  const bytes = Buffer.alloc(8 + groups.length * 2);
  bytes.writeInt16BE(groups.length, 0);
  bytes.writeInt16BE(Math.max(0, groups.length - 1), 2);
  for (const [i, group] of groups.entries()) bytes.writeInt16BE(group, 8 + i * 2);
  return bytes;
};

/** A type for which only its own zero is made in binary; in text also what `pattern` takes. */
function zero(text: string, binary: Buffer, pattern?: RegExp): MakeScalar {
  return (wanted, format) => {
    if (wanted === null || wanted === text) return format === "text" ? Buffer.from(text) : binary;
    return format === "text" && pattern?.test(wanted) === true ? Buffer.from(wanted) : null;
  };
}

const day = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

const scalars: Readonly<Record<number, MakeScalar>> = {
  [oid.bool]: (text, format) => {
    if (text !== null && !/^(?:t|f|true|false)$/i.test(text)) return null;
    const on = text !== null && /^t/i.test(text);
    return format === "text" ? Buffer.from(on ? "t" : "f") : Buffer.from([on ? 1 : 0]);
  },
  [oid.int2]: integer(2),
  [oid.int4]: integer(4),
  [oid.int8]: integer(8),
  [oid.oid]: integer(4, true),
  [oid.float4]: float(4),
  [oid.float8]: float(8),
  [oid.numeric]: numeric,
  [oid.bytea]: (text, format) => {
    const hex = text === null ? "" : /^\\x(?:[0-9a-f]{2})*$/i.test(text) ? text.slice(2) : null;
    if (hex === null) return null;
    return format === "text" ? Buffer.from(`\\x${hex}`) : Buffer.from(hex, "hex");
  },
  [oid.uuid]: (text, format) => {
    const value = text ?? "00000000-0000-0000-0000-000000000000";
    if (!/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value)) return null;
    return format === "text" ? Buffer.from(value.toLowerCase()) : Buffer.from(value.replaceAll("-", ""), "hex");
  },
  // Binary dates and times count from 2000-01-01.
  [oid.date]: zero("2000-01-01", Buffer.alloc(4), day),
  [oid.timestamp]: zero("2000-01-01 00:00:00", Buffer.alloc(8)),
  [oid.timestamptz]: zero("2000-01-01 00:00:00+00", Buffer.alloc(8)),
  [oid.time]: zero("00:00:00", Buffer.alloc(8)),
  [oid.timetz]: zero("00:00:00+00", Buffer.alloc(12)),
  [oid.interval]: zero("00:00:00", Buffer.alloc(16)),
  [oid.inet]: zero("0.0.0.0", Buffer.from([2, 32, 0, 4, 0, 0, 0, 0])),
  [oid.cidr]: zero("0.0.0.0/32", Buffer.from([2, 32, 1, 4, 0, 0, 0, 0])),
  [oid.macaddr]: zero("00:00:00:00:00:00", Buffer.alloc(6)),
};
