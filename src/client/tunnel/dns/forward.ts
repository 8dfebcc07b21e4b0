import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";

/** Asks somebody else's server; null: no answer in time. */
export type Forward = (query: Buffer, over: "udp" | "tcp") => Promise<Buffer | null>;

const udpTimeoutMs = 2_000;
const tcpTimeoutMs = 5_000;

/** Asks the servers one after the other, each query from a port of its own with the asker's own id checked on the way back. */
export function forwardTo(servers: () => readonly string[], port = 53): Forward {
  return async (query, over) => {
    for (const server of servers()) {
      const reply = await (over === "udp" ? askUdp : askTcp)(server, port, query);
      if (reply && reply.length >= 12 && reply.readUInt16BE(0) === query.readUInt16BE(0)) return reply;
    }
    return null;
  };
}

function askUdp(server: string, port: number, query: Buffer): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server) ? "udp6" : "udp4");
    let settled = false;
    const settle = (reply: Buffer | null) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket.close();
      resolve(reply);
    };
    const timer = setTimeout(() => settle(null), udpTimeoutMs);
    socket.on("error", () => settle(null));
    socket.on("message", (reply) => {
      // Another id is not ours: keep waiting, it may be a forgery that came first.
      if (reply.length >= 12 && reply.readUInt16BE(0) === query.readUInt16BE(0)) settle(reply);
    });
    // Connected: the system drops packets of any other sender.
    socket.connect(port, server, () => socket.send(query));
  });
}

function askTcp(server: string, port: number, query: Buffer): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: server, port });
    let kept = Buffer.alloc(0);
    const settle = (reply: Buffer | null) => {
      socket.destroy();
      resolve(reply);
    };
    socket.setTimeout(tcpTimeoutMs, () => settle(null));
    socket.on("error", () => settle(null));
    socket.on("close", () => resolve(null));
    socket.on("connect", () => socket.write(framed(query)));
    socket.on("data", (chunk) => {
      kept = Buffer.concat([kept, chunk]);
      if (kept.length >= 2 && kept.length >= 2 + kept.readUInt16BE(0))
        settle(kept.subarray(2, 2 + kept.readUInt16BE(0)));
    });
  });
}

/** A message as it goes over TCP: its length before it (RFC 1035, 4.2.2). */
export function framed(message: Buffer): Buffer {
  const out = Buffer.allocUnsafe(message.length + 2);
  out.writeUInt16BE(message.length);
  message.copy(out, 2);
  return out;
}
