import { Parser } from "pg-protocol/dist/parser.js";
import type { Dialect, Reply, ScriptedTarget } from "../../src/protocol/compliance/dialect.js";
import { trialInit } from "../../src/protocol/compliance/trial.js";

const tableId = 16385;

/** How PostgreSQL is spoken, for the compliance suite and the fuzzer: plain writers and readers, none of them ours to test. */
export const postgresDialect: Dialect = {
  hello: [startup({ user: "app", database: "shop" })],
  styles: [
    { name: "simple", encode: (text) => message("Q", cstring(text)) },
    {
      name: "extended",
      encode: (text) => Buffer.concat([parse("", text), bind(""), describe("P", ""), execute(), sync()]),
    },
    { name: "without Describe", encode: (text) => Buffer.concat([parse("", text), bind(""), execute(), sync()]) },
    {
      name: "named",
      encode: (text) =>
        Buffer.concat([
          message("C", cstring("Sone")),
          parse("one", text),
          describe("S", "one"),
          bind("one"),
          execute(),
          sync(),
        ]),
    },
    {
      name: "flushed",
      encode: (text) =>
        Buffer.concat([
          message("C", cstring("Stwo")),
          parse("two", text),
          message("H"),
          bind("two"),
          execute(),
          sync(),
        ]),
    },
  ],
  createTarget: () => postgresTarget(),
  replies: readReplies,
  unfinished,
  own: (text) =>
    settings[text] !== undefined || /pg_prepared_statements|pg_cursors|^hoop refused a later statement/.test(text),
  oversized: { client: Buffer.from("Q\x3f\xff\xff\xff", "latin1"), target: Buffer.from("T\x3f\xff\xff\xff", "latin1") },
  leakyLogins: [
    { name: "an error that quotes the password", createTarget: () => postgresTarget({ quotes: "E" }) },
    { name: "a notice that quotes the password", createTarget: () => postgresTarget({ quotes: "N" }) },
  ],
  tellsOfWaits: true,
  masked: {
    text: "select name, card, note from people",
    plan: {
      columns: new Map([[`${tableId}.2`, { method: "redact" }]]),
      proven: new Set([String(tableId)]),
      others: { method: "redact" },
      text: { method: "redact" },
      copy: null,
    },
    cell: 1,
  },
  init: {
    connection: {
      ...trialInit().connection,
      protocol: "postgres",
      exposesCredentialToAgent: true,
      target: {},
    },
  },
};

export function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.concat([...Object.entries(parameters).flat().map(cstring), Buffer.alloc(1)]);
  return Buffer.concat([int32(body.length + 8), int32(196_608), body]);
}

export function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

const parse = (name: string, text: string) => message("P", cstring(name), cstring(text), int16(0));
const bind = (name: string) => message("B", cstring(""), cstring(name), int16(0), int16(0), int16(0));
const describe = (kind: string, name: string) => message("D", Buffer.from(kind), cstring(name));
const execute = () => message("E", cstring(""), int32(0));
const sync = () => message("S");

function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const columns = ["name", "card", "note"];
const rowDescription = message(
  "T",
  int16(columns.length),
  ...columns.flatMap((name, i) => [
    cstring(name),
    int32(tableId),
    int16(i + 1),
    int32(25),
    int16(-1),
    int32(-1),
    int16(0),
  ]),
);

function dataRow(...cells: readonly (string | null)[]): Buffer {
  const parts = cells.flatMap((cell) =>
    cell === null ? [int32(-1)] : [int32(Buffer.byteLength(cell)), Buffer.from(cell)],
  );
  return message("D", int16(cells.length), ...parts);
}

/** What the gateway asks for itself, of the session's settings. */
const settings: Readonly<Record<string, string>> = {
  "SHOW search_path": "public",
  "SHOW role": "none",
  "SHOW session_authorization": "hoop_login",
};

const rowsOf = (text: string) => {
  const setting = settings[text];
  if (setting !== undefined) return Buffer.concat([dataRow(setting), message("C", cstring("SHOW"))]);
  if (text.includes("pg_prepared_statements")) return message("C", cstring("SELECT 0"));
  return Buffer.concat([
    dataRow(text, "4111-1111", "plain"),
    dataRow("more", "5500-0000", null),
    message("C", cstring("SELECT 2")),
  ]);
};

const readyForQuery = message("Z", Buffer.from("I"));

const welcome = Buffer.concat([
  message("R", int32(0)),
  ...Object.entries({
    client_encoding: "UTF8",
    server_version: "15.18",
    standard_conforming_strings: "on",
    integer_datetimes: "on",
    session_authorization: "hoop_login",
  }).map(([name, value]) => message("S", cstring(name), cstring(value))),
  message("K", int32(77), int32(88)),
  readyForQuery,
]);

/** A server that asks for a cleartext password where it is to quote it, and trusts everybody otherwise. */
function postgresTarget(options: { quotes?: "E" | "N" } = {}): ScriptedTarget {
  const reached: string[] = [];
  const statements = new Map<string, string>();
  const portals = new Map<string, string>();
  let partial = Buffer.alloc(0);
  let startupSeen = false;
  const answer = (type: string, body: Buffer): Buffer => {
    const [first = "", second = ""] = body.toString("utf8").split("\0");
    switch (type) {
      case "p": {
        const severity = options.quotes === "N" ? "NOTICE" : "FATAL";
        const said = message(
          options.quotes!,
          cstring(`S${severity}`),
          cstring(`V${severity}`),
          cstring("C28P01"),
          cstring(`Myou said ${first}`),
          Buffer.alloc(1),
        );
        return options.quotes === "N" ? Buffer.concat([said, welcome]) : said;
      }
      case "Q":
        reached.push(first);
        return Buffer.concat([rowDescription, rowsOf(first), readyForQuery]);
      case "P":
        reached.push(second);
        statements.set(first, second);
        return message("1");
      case "B":
        portals.set(first, statements.get(second) ?? "");
        return message("2");
      case "D":
        return first.startsWith("S") ? Buffer.concat([message("t", int16(0)), rowDescription]) : rowDescription;
      case "E":
        return rowsOf(portals.get(first) ?? "");
      case "C":
        return message("3");
      case "S":
        return readyForQuery;
      default:
        return Buffer.alloc(0);
    }
  };
  return {
    reached,
    receive(chunk) {
      partial = Buffer.concat([partial, chunk]);
      const answers: Buffer[] = [];
      for (;;) {
        const head = startupSeen ? 5 : 4;
        if (partial.length < head) break;
        const length = partial.readUInt32BE(head - 4) + head - 4;
        if (partial.length < length) break;
        const body = partial.subarray(head, length);
        if (startupSeen) answers.push(answer(String.fromCharCode(partial[0]!), body));
        else answers.push(options.quotes ? message("R", int32(3)) : welcome);
        startupSeen = true;
        partial = partial.subarray(length);
      }
      return Buffer.concat(answers);
    },
  };
}

/** Frames by their lengths; every one of them must also be readable for node-postgres. */
function readReplies(bytes: Buffer): readonly Reply[] {
  const replies: Reply[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 5) throw new Error(`ends within a head: ${bytes.subarray(at).toString("hex")}`);
    const end = at + 1 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length)
      throw new Error(`ends within a message: ${bytes.subarray(at).toString("latin1").slice(0, 80)}`);
    replies.push(reply(bytes.subarray(at, end)));
    at = end;
  }
  return replies;
}

function reply(frame: Buffer): Reply {
  const read: { name: string; message?: string | undefined }[] = [];
  new Parser().parse(frame, (one: { name: string }) => read.push(one));
  const [one] = read;
  if (!one || (one.name === "error" && frame[0] !== 0x45))
    throw new Error(`a client cannot read ${frame.toString("hex")}`);
  if (frame[0] === 0x45) return { kind: "error", text: one.message ?? "" };
  if (frame[0] === 0x44) return { kind: "row", cells: cellsOf(frame) };
  return { kind: "other", name: one.name, raw: frame };
}

function cellsOf(frame: Buffer): readonly (Buffer | null)[] {
  let at = 7;
  return Array.from({ length: frame.readInt16BE(5) }, () => {
    const length = frame.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return frame.subarray(at - length, at);
  });
}

/** CopyData may be streamed in parts; nothing else may. */
function unfinished(bytes: Buffer): number {
  let at = 0;
  while (bytes.length - at >= 5) {
    const end = at + 1 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) return bytes[at] === 0x64 ? 0 : bytes.length - at;
    at = end;
  }
  return bytes.length - at;
}
