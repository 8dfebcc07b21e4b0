import { ClippedReader, MalformedError } from "../../../wire/index.js";
import { frontend } from "./types.js";
import { MessageWriter } from "./writer.js";

/** Whether Describe and Close mean a prepared statement or a portal. */
export type NameKind = "statement" | "portal";

const nameKinds: Record<NameKind, number> = { statement: 0x53, portal: 0x50 };

export interface ParseMessage {
  readonly statement: string;
  /** As bytes: its encoding is the session's client_encoding. */
  readonly text: Buffer;
  /** The ids of the parameters' types that the client gave, 4 bytes each; 0: the target finds out. */
  readonly types: Buffer;
}

export interface BindMessage {
  readonly portal: string;
  readonly statement: string;
  /** Formats of the values, 2 bytes each. */
  readonly formats: Buffer;
  readonly values: readonly (Buffer | null)[];
}

/** A reader over the body of the frame at `bytes[at … at + length)`. */
export function body(bytes: Buffer, at: number, length: number): ClippedReader {
  return new ClippedReader(bytes, at + 5, at + length);
}

/** Names are compared byte for byte, whatever the encoding. */
function name(reader: ClippedReader): string {
  return reader.latin1Cstring();
}

/** The name's bytes as they were on the wire. */
export function nameBytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

export function readQuery(reader: ClippedReader): Buffer {
  const text = reader.cstringBytes();
  reader.done();
  return text;
}

export function readParse(reader: ClippedReader): ParseMessage {
  const statement = name(reader);
  const text = reader.cstringBytes();
  const types = reader.bytes(4 * count(reader));
  reader.done();
  return { statement, text, types };
}

export function readBind(reader: ClippedReader): BindMessage {
  const portal = name(reader);
  const statement = name(reader);
  const formats = reader.bytes(2 * count(reader));
  const values = readValues(reader);
  reader.bytes(2 * count(reader));
  reader.done();
  return { portal, statement, formats, values };
}

export function readExecute(reader: ClippedReader): { portal: string; maxRows: number } {
  const portal = name(reader);
  const maxRows = reader.int32();
  reader.done();
  return { portal, maxRows };
}

/** Describe and Close have the same body. */
export function readName(reader: ClippedReader): { kind: NameKind; name: string } {
  const letter = reader.uint8();
  if (letter !== nameKinds.statement && letter !== nameKinds.portal) {
    throw new MalformedError(`neither a statement nor a portal: ${letter}`);
  }
  const text = name(reader);
  reader.done();
  return { kind: letter === nameKinds.statement ? "statement" : "portal", name: text };
}

export function readFunctionCall(reader: ClippedReader): {
  oid: number;
  formats: Buffer;
  values: readonly (Buffer | null)[];
} {
  const oid = reader.uint32();
  const formats = reader.bytes(2 * count(reader));
  const values = readValues(reader);
  reader.int16();
  reader.done();
  return { oid, formats, values };
}

// The counts are unsigned in practice: a statement may have 65,535 parameters.
function count(reader: ClippedReader): number {
  return reader.uint16();
}

function readValues(reader: ClippedReader): (Buffer | null)[] {
  const n = count(reader);
  // Each value has at least its length word: the announced count cannot make us reserve more than what came.
  if (n * 4 > reader.remaining) throw new MalformedError(`${n} values announced in ${reader.remaining} bytes`);
  const values: (Buffer | null)[] = [];
  for (let i = 0; i < n; i++) {
    const length = reader.int32();
    if (length < -1) throw new MalformedError(`value of length ${length}`);
    values.push(length === -1 ? null : reader.bytes(length));
  }
  return values;
}

export function encodeQuery(text: string): Buffer {
  return new MessageWriter().begin(frontend.query).cstring(text).end().take();
}

/** `types`: ids of the parameters' types, 4 bytes each, as a client gave them. */
export function encodeParse(statement: string, text: string | Uint8Array, types: Buffer = none): Buffer {
  const writer = new MessageWriter().begin(frontend.parse).cstring(nameBytes(statement)).cstring(text);
  return writer
    .int16(unsigned(types.length / 4))
    .bytes(types)
    .end()
    .take();
}

/** A Bind whose results are all text, and its parameters where `formats` (2 bytes each, as a client gave them) say nothing else. */
export function encodeBind(
  portal: string,
  statement: string,
  values: readonly (Uint8Array | null)[] = [],
  formats: Buffer = none,
): Buffer {
  const writer = new MessageWriter()
    .begin(frontend.bind)
    .cstring(nameBytes(portal))
    .cstring(nameBytes(statement))
    .int16(unsigned(formats.length / 2))
    .bytes(formats)
    .int16(unsigned(values.length));
  for (const value of values) writer.value(value);
  return writer.int16(0).end().take();
}

export function encodeDescribe(kind: NameKind, text: string): Buffer {
  return new MessageWriter().begin(frontend.describe).uint8(nameKinds[kind]).cstring(nameBytes(text)).end().take();
}

export function encodeClose(kind: NameKind, text: string): Buffer {
  return new MessageWriter().begin(frontend.close).uint8(nameKinds[kind]).cstring(nameBytes(text)).end().take();
}

export function encodeExecute(portal: string): Buffer {
  return new MessageWriter().begin(frontend.execute).cstring(nameBytes(portal)).int32(0).end().take();
}

const none = Buffer.alloc(0);
// Counts are unsigned in practice: a statement may have 65,535 parameters.
const unsigned = (count: number): number => (count << 16) >> 16;
const empty = (type: number): Buffer => new MessageWriter(5).begin(type).end().take();
export const encodeSync = (): Buffer => empty(frontend.sync);
export const encodeFlush = (): Buffer => empty(frontend.flush);
export const encodeTerminate = (): Buffer => empty(frontend.terminate);

export function encodePassword(text: string | Uint8Array): Buffer {
  return new MessageWriter().begin(frontend.password).cstring(text).end().take();
}

export function encodeSaslInitial(mechanism: string, data: string): Buffer {
  return new MessageWriter().begin(frontend.password).cstring(mechanism).value(Buffer.from(data, "utf8")).end().take();
}

export function encodeSaslResponse(data: string): Buffer {
  return new MessageWriter().begin(frontend.password).bytes(Buffer.from(data, "utf8")).end().take();
}
