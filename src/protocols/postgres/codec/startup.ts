import { ClippedReader, MalformedError } from "../../../wire/index.js";
import { requestCodes } from "./types.js";
import { MessageWriter } from "./writer.js";

/** The longest untyped first packet that PostgreSQL itself accepts. */
export const maxStartupLength = 10_000;

/** The first packet of a connection, or of a connection after its encryption was settled. */
export type StartupPacket =
  | { readonly kind: "ssl" }
  | { readonly kind: "gssenc" }
  | { readonly kind: "cancel"; readonly processId: number; readonly secret: Buffer }
  | {
      readonly kind: "startup";
      readonly major: number;
      readonly minor: number;
      readonly parameters: ReadonlyMap<string, string>;
    };

/**
 * Reads one untyped packet. Null: not all of it is here yet. `length` says where it ends; what follows is the caller's
 * to judge, for after a request for encryption nothing may follow in clear.
 */
export function readStartupPacket(bytes: Buffer): { packet: StartupPacket; length: number } | null {
  if (bytes.length < 4) return null;
  const length = bytes.readInt32BE(0);
  if (length < 8 || length > maxStartupLength)
    throw new MalformedError(`startup packet announces a length of ${length}`);
  if (bytes.length < length) return null;
  const reader = new ClippedReader(bytes, 4, length);
  const code = reader.uint32();
  if (code === requestCodes.ssl || code === requestCodes.gssenc) {
    reader.done();
    return { packet: { kind: code === requestCodes.ssl ? "ssl" : "gssenc" }, length };
  }
  if (code === requestCodes.cancel) {
    const processId = reader.uint32();
    const secret = Buffer.from(reader.rest());
    if (secret.length === 0 || secret.length > 256) throw new MalformedError("cancel request with an impossible key");
    return { packet: { kind: "cancel", processId, secret }, length };
  }
  return {
    packet: {
      kind: "startup",
      major: code >>> 16,
      minor: code & 0xffff,
      parameters: readParameters(reader, code >>> 16),
    },
    length,
  };
}

function readParameters(reader: ClippedReader, major: number): Map<string, string> {
  const parameters = new Map<string, string>();
  // What an unknown major version puts here is nobody's guess; it is refused by the version alone.
  if (major !== 3) return parameters;
  for (;;) {
    const name = reader.cstring();
    if (name === "") break;
    parameters.set(name, reader.cstring());
  }
  reader.done();
  return parameters;
}

export function encodeStartup(parameters: Iterable<readonly [string, string]>): Buffer {
  const writer = new MessageWriter().begin(null).int32(3 << 16);
  for (const [name, value] of parameters) writer.cstring(name).cstring(value);
  return writer.uint8(0).end().take();
}

export function encodeSslRequest(): Buffer {
  return new MessageWriter(8).begin(null).uint32(requestCodes.ssl).end().take();
}

export function encodeCancelRequest(processId: number, secret: Buffer): Buffer {
  return new MessageWriter(64).begin(null).uint32(requestCodes.cancel).uint32(processId).bytes(secret).end().take();
}
