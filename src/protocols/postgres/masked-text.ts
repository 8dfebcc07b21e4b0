import { maskText } from "../../masking/index.js";
import type { Mask } from "../../vocabulary/index.js";
import type { ClippedReader } from "../../wire/index.js";
import { encodeNotification, encodeParameterStatus, encodeReport, type ReportFields } from "./codec/backend.js";
import { backend } from "./codec/types.js";
import { MessageWriter } from "./codec/writer.js";
import type { TextCodec } from "./session/text.js";

/** What is safe to say of an error whose own text may quote values. */
const sentences: Readonly<Record<string, string>> = {
  "22001": "value too long for its type",
  "22003": "value out of range",
  "22007": "invalid date or time",
  "22008": "date or time out of range",
  "22012": "division by zero",
  "22021": "character not in repertoire",
  "22023": "invalid parameter value",
  "22P02": "invalid input syntax for a type",
  "23502": "null value violates a not-null constraint",
  "23503": "a foreign key constraint is violated",
  "23505": "a unique constraint is violated",
  "23514": "a check constraint is violated",
  "23P01": "an exclusion constraint is violated",
  "25P02": "current transaction is aborted, commands ignored until end of transaction block",
  "40001": "could not serialize access",
  "40P01": "deadlock detected",
  "42501": "permission denied",
  "42601": "syntax error",
  "42703": "column does not exist",
  "42804": "datatype mismatch",
  "42883": "function or operator does not exist",
  "42P01": "relation does not exist",
  "55P03": "lock not available",
  "25P03": "terminating connection due to idle-in-transaction timeout",
  "57014": "canceling statement due to user request or timeout",
  "57P01": "terminating connection due to administrator command",
  "57P02": "terminating connection because of crash of another server process",
  "57P05": "terminating connection due to idle-session timeout",
  P0001: "an error was raised by a function",
};

/** Fields that the server fills itself: never a value. */
const plain = new Set(["S", "V", "P", "F", "L", "R"]);

/** Names of schema, table, column, type and constraint; RAISE writes there what it likes. */
const names = new Set(["s", "t", "c", "d", "n"]);

/**
 * What PostgreSQL says while it reads a statement: names, types and words of the statement itself. Nothing has run by then that could
 * have seen a value.
 */
const ofReading = new Set([
  "42601", // syntax_error
  "42701", // duplicate_column
  "42702", // ambiguous_column
  "42703", // undefined_column
  "42712", // duplicate_alias
  "42725", // ambiguous_function
  "42803", // grouping_error
  "42804", // datatype_mismatch
  "42883", // undefined_function
  "42P01", // undefined_table
  "42P10", // invalid_column_reference
]);

/**
 * Whether its words are about the client's own text: they have a place in it, and no function was under way. What a function raises under
 * such a code names the function (`W`), and what a statement inside of one fails with stands in that statement (`p`, `q`).
 */
function isOfReading(fields: ReportFields): boolean {
  return (
    ofReading.has(fields.get("C") ?? "") && fields.has("P") && !fields.has("W") && !fields.has("p") && !fields.has("q")
  );
}

/** Whether a body was under way, which may have raised it itself: the server then says where (`W`), whoever wrote the body. */
function raised(fields: ReportFields): boolean {
  return fields.has("W");
}

/** RAISE chooses codes too: five characters of what it read, in as many notices as it likes. */
function safeCode(kind: "error" | "notice", fields: ReportFields): string {
  const code = fields.get("C") ?? "";
  if (kind === "notice") return raised(fields) ? "00000" : stateCode(code);
  return raised(fields) && !Object.hasOwn(sentences, code) ? "P0001" : stateCode(code);
}

/** A SQLSTATE as servers write them; anything else is none. */
export function stateCode(code: string): string {
  return /^[0-9A-Z]{5}$/.test(code) ? code : "XX000";
}

/**
 * An ErrorResponse or NoticeResponse whose free text is masked. Severity and position stay; code and names as far as no body of a
 * function can have chosen them.
 */
export function maskReport(kind: "error" | "notice", fields: ReportFields, mask: Mask, key: Buffer): Buffer {
  const code = safeCode(kind, fields);
  const sentence = sentences[code] ?? (kind === "notice" ? "notice" : `error ${code}`);
  const own = kind === "error" && isOfReading(fields);
  const ofServer = kind === "error" && !raised(fields);
  const kept: [string, string][] = [];
  for (const [letter, text] of fields) {
    if (letter === "C") kept.push([letter, code]);
    else if (plain.has(letter) || (ofServer && names.has(letter)) || (own && (letter === "M" || letter === "H")))
      kept.push([letter, text]);
    else if (letter === "M") kept.push(["M", `${sentence} (text masked: it may quote protected values)`]);
    else if (letter === "D") {
      const masked = maskText(mask, text, key);
      if (masked !== null) kept.push(["D", masked]);
    }
  }
  return encodeReport(kind, kept);
}

/** Settings that cannot hold whatever text a statement puts there. */
const boundSettings = new Set([
  ...["server_version", "server_encoding", "client_encoding", "is_superuser", "session_authorization", "DateStyle"],
  ...["IntervalStyle", "integer_datetimes", "standard_conforming_strings", "default_transaction_read_only"],
  ...["in_hot_standby", "scram_iterations"],
]);

export function maskParameter(name: string, value: string, raw: Buffer, mask: Mask, key: Buffer): Buffer {
  if (boundSettings.has(name) || (name === "TimeZone" && isKnownZone(value))) return raw;
  return encodeParameterStatus(name, maskText(mask, value, key) ?? "");
}

/** PostgreSQL takes zones that somebody makes up, `<any text>0`. */
function isKnownZone(value: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

export function maskNotification(reader: ClippedReader, mask: Mask, key: Buffer, codec: TextCodec): Buffer {
  const processId = reader.uint32();
  const channel = reader.cstringBytes();
  const payload = codec.decodeLoosely(reader.cstringBytes());
  return encodeNotification(processId, channel, payload === "" ? "" : (maskText(mask, payload, key) ?? ""));
}

/** A FunctionCallResponse of NULL: the type of the real one is not told. */
export function maskFunctionResult(): Buffer {
  return new MessageWriter(16).begin(backend.functionCallResponse).int32(-1).end().take();
}
