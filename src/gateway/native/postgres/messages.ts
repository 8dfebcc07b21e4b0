import type { Duplex } from "node:stream";
import { encodeReport } from "../../../protocols/postgres/codec/backend.js";
import { MessageWriter } from "../../../protocols/postgres/codec/writer.js";
import { MalformedError } from "../../../wire/index.js";
import { take } from "./take.js";

/** No message of a login is longer. */
const longest = 8 * 1024;
const authentication = 0x52;
const passwordMessage = 0x70;

export const encodeSasl = (mechanisms: readonly string[]): Buffer => {
  const writer = new MessageWriter().begin(authentication).int32(10);
  for (const mechanism of mechanisms) writer.cstring(mechanism);
  return writer.uint8(0).end().take();
};

export const encodeSaslStep = (step: "continue" | "final", data: string): Buffer =>
  new MessageWriter()
    .begin(authentication)
    .int32(step === "continue" ? 11 : 12)
    .bytes(Buffer.from(data))
    .end()
    .take();

export function encodeStartupOf(minor: number, parameters: ReadonlyMap<string, string>): Buffer {
  const writer = new MessageWriter().begin(null).int32((3 << 16) | minor);
  for (const [name, value] of parameters) writer.cstring(name).cstring(value);
  return writer.uint8(0).end().take();
}

/** The last thing that a client reads. */
export const encodeFatal = (code: string, message: string, hint?: string): Buffer =>
  encodeReport("error", [
    ["S", "FATAL"],
    ["V", "FATAL"],
    ["C", code],
    ["M", message],
    ...(hint === undefined ? [] : ([["H", hint]] as const)),
  ]);

/** The body of a PasswordMessage, which carries SASL's answers too. */
export async function takePasswordMessage(stream: Duplex, signal: AbortSignal): Promise<Buffer> {
  const head = await take(stream, 5, signal);
  const length = head.readInt32BE(1);
  if (head[0] !== passwordMessage || length < 4 || length > longest)
    throw new MalformedError("not the answer of a login");
  return length === 4 ? Buffer.alloc(0) : take(stream, length - 4, signal);
}

export function readSaslInitial(body: Buffer): { readonly mechanism: string; readonly data: string } {
  const end = body.indexOf(0);
  if (end < 1 || body.length < end + 5) throw new MalformedError("not the first answer of a SASL login");
  const length = body.readInt32BE(end + 1);
  const data = body.subarray(end + 5);
  if (length !== data.length) throw new MalformedError("a SASL answer of another length");
  return { mechanism: body.toString("latin1", 0, end), data: data.toString("utf8") };
}
