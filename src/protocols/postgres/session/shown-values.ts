import type { TextCodec } from "./text.js";

/** Types whose binary form is the text itself. */
const textTypes = new Set([18, 19, 25, 114, 142, 705, 1042, 1043]);
const day = 86_400_000;
/** 2000-01-01, from which PostgreSQL counts. */
const epoch = Date.UTC(2000, 0, 1);

/** A bind value as people read it; hex with `\x` before it where its type is not known or not one of the common ones. */
export function shownValue(value: Buffer | null, type: number, binary: boolean, codec: TextCodec): string | null {
  if (value === null) return null;
  if (!binary || textTypes.has(type)) return codec.decodeLoosely(value);
  return binaryText(value, type, codec) ?? hex(value);
}

function hex(value: Buffer): string {
  return `\\x${value.toString("hex")}`;
}

function binaryText(value: Buffer, type: number, codec: TextCodec): string | null {
  const { length } = value;
  switch (type) {
    case 16:
      return length === 1 ? (value[0] === 0 ? "false" : "true") : null;
    case 21:
      return length === 2 ? String(value.readInt16BE()) : null;
    case 23:
      return length === 4 ? String(value.readInt32BE()) : null;
    case 26:
      return length === 4 ? String(value.readUInt32BE()) : null;
    case 20:
      return length === 8 ? String(value.readBigInt64BE()) : null;
    case 700:
      return length === 4 ? String(value.readFloatBE()) : null;
    case 701:
      return length === 8 ? String(value.readDoubleBE()) : null;
    case 1082:
      return length === 4 ? (instant(value.readInt32BE() * day)?.slice(0, 10) ?? null) : null;
    case 1114:
      return length === 8 ? (instant(Number(value.readBigInt64BE() / 1000n))?.replace("Z", "") ?? null) : null;
    case 1184:
      return length === 8 ? instant(Number(value.readBigInt64BE() / 1000n)) : null;
    case 2950:
      return length === 16
        ? value.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
        : null;
    case 3802:
      // One byte of version before the text.
      return length > 0 && value[0] === 1 ? codec.decodeLoosely(value.subarray(1)) : null;
    default:
      return null;
  }
}

/** Null: before or after what a date can say here, infinity among it. */
function instant(sinceEpoch: number): string | null {
  const time = new Date(epoch + sinceEpoch);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** Formats as on the wire: none means text for all, one means that for all, else one for each. */
export function isBinary(formats: Buffer, at: number): boolean {
  if (formats.length === 0) return false;
  const place = formats.length === 2 ? 0 : 2 * at;
  return place + 2 <= formats.length && formats.readUInt16BE(place) === 1;
}
