import { type ClippedReader, MalformedError } from "../../../wire/index.js";
import { backend } from "./types.js";
import { MessageWriter } from "./writer.js";

/** One column of a result, as RowDescription tells it. */
export interface FieldDescription {
  readonly name: string;
  /** 0: not a plain column of a relation. */
  readonly tableId: number;
  readonly columnNumber: number;
  readonly typeId: number;
  /** 0 text, 1 binary. */
  readonly format: number;
}

export function readRowDescription(reader: ClippedReader): FieldDescription[] {
  const n = reader.uint16();
  const fields: FieldDescription[] = [];
  for (let i = 0; i < n; i++) {
    const name = reader.cstringBytes().toString("utf8");
    const tableId = reader.uint32();
    const columnNumber = reader.int16();
    const typeId = reader.uint32();
    reader.bytes(6); // type length and modifier say nothing that a mask needs
    fields.push({ name, tableId, columnNumber, typeId, format: reader.int16() });
  }
  reader.done();
  return fields;
}

/** The fields of an ErrorResponse or NoticeResponse by their letter; the text is decoded as UTF-8. */
export type ReportFields = Map<string, string>;

/** PostgreSQL knows eighteen. */
const maxReportFields = 64;

export function readReport(reader: ClippedReader): ReportFields {
  const fields: ReportFields = new Map();
  for (let n = 0; ; n++) {
    const letter = reader.uint8();
    if (letter === 0) break;
    if (n === maxReportFields) throw new MalformedError("a report of too many fields");
    fields.set(String.fromCharCode(letter), reader.cstringBytes().toString("utf8"));
  }
  return fields;
}

export function encodeReport(type: "error" | "notice", fields: Iterable<readonly [string, string]>): Buffer {
  const writer = new MessageWriter(256).begin(type === "error" ? backend.errorResponse : backend.noticeResponse);
  for (const [letter, text] of fields) writer.uint8(letter.charCodeAt(0)).cstring(text.replaceAll("\0", ""));
  return writer.uint8(0).end().take();
}

/** The end of one statement; `tag` as the target would say it. */
export function encodeCommandComplete(tag: string): Buffer {
  return new MessageWriter(32).begin(backend.commandComplete).cstring(tag).end().take();
}

export function encodeReadyForQuery(status: number): Buffer {
  return new MessageWriter(6).begin(backend.readyForQuery).uint8(status).end().take();
}

export function encodeAuthenticationOk(): Buffer {
  return new MessageWriter(9).begin(backend.authentication).int32(0).end().take();
}

export function encodeBackendKeyData(processId: number, secret: Buffer): Buffer {
  return new MessageWriter(64).begin(backend.backendKeyData).uint32(processId).bytes(secret).end().take();
}

export function encodeParameterStatus(name: string, value: string): Buffer {
  return new MessageWriter().begin(backend.parameterStatus).cstring(name).cstring(value).end().take();
}

export function encodeNotification(processId: number, channel: Uint8Array, payload: string): Buffer {
  const writer = new MessageWriter().begin(backend.notificationResponse).uint32(processId);
  return writer.cstring(channel).cstring(payload).end().take();
}

/** Tells the client the newest version that is spoken and the `_pq_.` options that nobody here knows. */
export function encodeNegotiateProtocolVersion(minor: number, unknownOptions: readonly string[]): Buffer {
  const writer = new MessageWriter().begin(backend.negotiateProtocolVersion).int32((3 << 16) | minor);
  writer.int32(unknownOptions.length);
  for (const option of unknownOptions) writer.cstring(option);
  return writer.end().take();
}

export type AuthenticationRequest =
  | { readonly kind: "ok" }
  | { readonly kind: "cleartext" }
  | { readonly kind: "md5"; readonly salt: Buffer }
  | { readonly kind: "sasl"; readonly mechanisms: readonly string[] }
  | { readonly kind: "sasl-continue"; readonly data: string }
  | { readonly kind: "sasl-final"; readonly data: string }
  | { readonly kind: "other"; readonly name: string };

const otherAuthentications: Readonly<Record<number, string>> = {
  2: "Kerberos V5",
  4: "crypt",
  6: "SCM credentials",
  7: "GSSAPI",
  8: "GSSAPI",
  9: "SSPI",
};

export function readAuthentication(reader: ClippedReader): AuthenticationRequest {
  const code = reader.int32();
  switch (code) {
    case 0:
      reader.done();
      return { kind: "ok" };
    case 3:
      reader.done();
      return { kind: "cleartext" };
    case 5: {
      const salt = Buffer.from(reader.bytes(4));
      reader.done();
      return { kind: "md5", salt };
    }
    case 10: {
      const mechanisms: string[] = [];
      for (;;) {
        const mechanism = reader.cstring();
        if (mechanism === "") break;
        if (mechanisms.length === 32) throw new MalformedError("too many SASL mechanisms");
        mechanisms.push(mechanism);
      }
      return { kind: "sasl", mechanisms };
    }
    case 11:
      return { kind: "sasl-continue", data: reader.rest().toString("utf8") };
    case 12:
      return { kind: "sasl-final", data: reader.rest().toString("utf8") };
    default:
      return { kind: "other", name: otherAuthentications[code] ?? `method ${code}` };
  }
}
