import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { encodeNegotiateProtocolVersion } from "../../../protocols/postgres/codec/backend.js";
import { maxStartupLength, readStartupPacket, type StartupPacket } from "../../../protocols/postgres/codec/startup.js";
import { serverEndPoint } from "../../../protocols/postgres/login/channel-binding.js";
import { cancelKey } from "../../../protocols/postgres/session/greeting.js";
import { MalformedError } from "../../../wire/index.js";
import type { NativeTls } from "../native-tls.js";
import { encodeStartupOf } from "./messages.js";
import { take } from "./take.js";

const alpn = "postgresql";
const newestMinor = 2;

export type Greeted =
  | { readonly kind: "cancel"; readonly key: string }
  | {
      readonly kind: "startup";
      readonly stream: Duplex;
      readonly user: string;
      /** For the session behind: as the client said it, without what was answered here. */
      readonly startup: Buffer;
      /** What SCRAM binds to; null: the way is in clear, or its certificate gives nothing to bind to. */
      readonly binding: Buffer | null;
      readonly encrypted: boolean;
    }
  | { readonly kind: "unsupported"; readonly stream: Duplex; readonly version: string };

/** From the first byte to the startup packet: encryption, cancel requests, what the client wants. Throws HoopError, MalformedError. */
export async function greet(socket: Socket, tls: NativeTls | null, signal: AbortSignal): Promise<Greeted> {
  let stream: Duplex = socket;
  let binding: Buffer | null = null;
  let encrypted = false;
  const secure = async (direct: boolean): Promise<void> => {
    const secured = await handshake(socket, tls!, signal);
    if (direct && secured.alpnProtocol !== alpn)
      throw new MalformedError("direct TLS without the ALPN protocol postgresql");
    const shown = secured.getCertificate() as { raw?: Buffer } | null;
    binding = shown?.raw === undefined ? null : serverEndPoint(shown.raw);
    stream = secured;
    encrypted = true;
  };
  for (let asked = 0; asked < 4; asked++) {
    const head = await take(stream, 4, signal);
    if (head[0] === 0x16 && asked === 0 && tls !== null) {
      stream.unshift(head);
      await secure(true);
      continue;
    }
    const packet = await takePacket(stream, head, signal);
    if (packet.kind === "cancel") return { kind: "cancel", key: cancelKey(packet.processId, packet.secret) };
    if (packet.kind === "startup") return started(packet, stream, { binding, encrypted });
    if (packet.kind === "ssl" && tls !== null) {
      if (encrypted) throw new MalformedError("a second request for encryption");
      // What was sent in clear behind the request must not be read as if it had come through the encryption (CVE-2021-23214).
      if (socket.readableLength > 0) throw new MalformedError("unencrypted bytes behind a request for encryption");
      socket.write("S");
      await secure(false);
    } else stream.write("N");
  }
  throw new MalformedError("too many requests for encryption");
}

async function takePacket(stream: Duplex, head: Buffer, signal: AbortSignal): Promise<StartupPacket> {
  const length = head.readInt32BE(0);
  if (length < 8 || length > maxStartupLength) throw new MalformedError("not a startup packet");
  const read = readStartupPacket(Buffer.concat([head, await take(stream, length - 4, signal)]));
  if (read === null) throw new MalformedError("not a startup packet");
  return read.packet;
}

function started(
  { major, minor, parameters }: Extract<StartupPacket, { kind: "startup" }>,
  stream: Duplex,
  way: { binding: Buffer | null; encrypted: boolean },
): Greeted {
  if (major !== 3) return { kind: "unsupported", stream, version: `${major}.${minor}` };
  const unknown = [...parameters.keys()].filter((name) => name.startsWith("_pq_."));
  const spoken = Math.min(minor, newestMinor);
  // Before anything of the login: behind it no client expects it any more.
  if (minor > newestMinor || unknown.length > 0) stream.write(encodeNegotiateProtocolVersion(spoken, unknown));
  const kept = new Map([...parameters].filter(([name]) => !name.startsWith("_pq_.")));
  const startup = encodeStartupOf(spoken, kept);
  return { kind: "startup", stream, user: kept.get("user") ?? "", startup, ...way };
}

function handshake(socket: Socket, tls: NativeTls, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: tls.context(),
      SNICallback: (name, done) => void tls.contextFor(name).then((context) => done(null, context), done),
      ALPNProtocols: [alpn],
    });
    const settle = (): void => {
      signal.removeEventListener("abort", stop);
      secured.removeAllListeners("secure");
    };
    const stop = (): void => {
      settle();
      secured.destroy();
      reject(new MalformedError("the TLS handshake was not finished"));
    };
    signal.addEventListener("abort", stop, { once: true });
    secured.once("error", stop);
    secured.once("close", stop);
    secured.once("secure", () => {
      settle();
      secured.removeListener("error", stop);
      secured.removeListener("close", stop);
      secured.on("error", () => {});
      resolve(secured);
    });
  });
}
