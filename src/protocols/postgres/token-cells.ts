import { type CellMasker, tokenizeInteger, tokenizeText } from "../../masking/index.js";
import type { Mask } from "../../vocabulary/index.js";

type Tokenize = Extract<Mask, { method: "tokenize" }>;
type Format = "text" | "binary";

const int8 = 20;
const int2 = 21;
const int4 = 23;
const numeric = 1700;
const uuid = 2950;

const sizes: Readonly<Record<number, 2 | 4 | 8>> = { [int8]: 8, [int2]: 2, [int4]: 4 };

/**
 * Pseudonyms of types that are no text: an integer stays one that fits, a UUID one of its version, the same in text and in
 * binary. Null: there is none of that type.
 */
export function tokenCells(mask: Tokenize, typeId: number, format: Format, key: Buffer): CellMasker | null {
  const size = sizes[typeId];
  if (size !== undefined) return integers(mask, size, format, key);
  if (typeId === numeric && format === "text") return integers(mask, 8, format, key);
  return typeId === uuid ? uuids(mask, format, key) : null;
}

function integers(mask: Tokenize, size: 2 | 4 | 8, format: Format, key: Buffer): CellMasker {
  return (bytes, start, end) => {
    const value = format === "text" ? integerOf(bytes.toString("latin1", start, end)) : readInteger(bytes, start, end);
    const token = value === null ? null : tokenizeInteger(mask.purpose, value, key, size === 2);
    if (token === null) return null;
    if (format === "text") return Buffer.from(token.toString());
    const out = Buffer.alloc(8);
    out.writeBigInt64BE(token);
    return out.subarray(8 - size);
  };
}

const integerOf = (text: string): bigint | null => (/^-?[0-9]{1,19}$/.test(text) ? BigInt(text) : null);

function readInteger(bytes: Buffer, start: number, end: number): bigint | null {
  switch (end - start) {
    case 2:
      return BigInt(bytes.readInt16BE(start));
    case 4:
      return BigInt(bytes.readInt32BE(start));
    case 8:
      return bytes.readBigInt64BE(start);
    default:
      return null;
  }
}

function uuids(mask: Tokenize, format: Format, key: Buffer): CellMasker {
  return (bytes, start, end) => {
    const hex = format === "text" ? bytes.toString("latin1", start, end) : bytes.toString("hex", start, end);
    const plain = hex.replaceAll("-", "").toLowerCase();
    if (!/^[0-9a-f]{32}$/.test(plain)) return null;
    const dashed = `${plain.slice(0, 8)}-${plain.slice(8, 12)}-${plain.slice(12, 16)}-${plain.slice(16, 20)}-${plain.slice(20)}`;
    const token = tokenizeText({ ...mask, as: "text" }, dashed, key);
    return format === "text" ? Buffer.from(token) : Buffer.from(token.replaceAll("-", ""), "hex");
  };
}
