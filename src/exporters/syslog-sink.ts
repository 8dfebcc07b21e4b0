import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { HoopError } from "../vocabulary/index.js";
import { checkAddress } from "./addresses.js";
import { type Line, linesWithin } from "./line.js";
import type { Sink, SinkPorts } from "./sink.js";
import type { ExportTarget } from "./target.js";

type SyslogTarget = Extract<ExportTarget, { kind: "syslog" }>;

const severities = { error: 3, warning: 4, notice: 5, info: 6 } as const;
const connectMs = 15_000;
/** A stream that takes nothing for so long is given up. */
const drainMs = 30_000;

/** One message of RFC 5424, with the line as its text. */
export function syslogMessage(line: Line, facility: number, hostname: string): Buffer {
  const priority = facility * 8 + severities[line.severity];
  const host = hostname.replaceAll(/[^\x21-\x7e]/g, "").slice(0, 255) || "-";
  const type = line.type.replaceAll(/[^\x21-\x7e]/g, "").slice(0, 32) || "-";
  const part = line.part === undefined ? "" : ` part="${line.part.index + 1}/${line.part.count}"`;
  // In structured data ", \ and ] are escaped; ids have none of them.
  const id = line.id.replaceAll(/[^A-Za-z0-9:._-]/g, "");
  const head = `<${priority}>1 ${new Date(line.time).toISOString()} ${host} hoop - ${type} [hoop@32473 id="${id}" source="${line.source}"${part}] `;
  return Buffer.concat([Buffer.from(head), Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(line.json)]);
}

/** Octet counting (RFC 5425, RFC 6587): what stands inside a message cannot end it. */
export function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}

/** Room for everything of a message but its text. */
const headRoom = 500;

export function createSyslogSink(target: SyslogTarget, ports: SinkPorts): Sink {
  const most = target.maxMessage - headRoom;
  const messages = (lines: readonly Line[]) =>
    lines
      .flatMap((line) => linesWithin(line, most))
      .map((line) => syslogMessage(line, target.facility, ports.hostname));
  return target.transport === "udp" ? udpSink(target, ports, messages) : streamSink(target, ports, messages);
}

type Messages = (lines: readonly Line[]) => readonly Buffer[];

/**
 * Syslog has no answer: what the system's buffer took counts as delivered once the receiver's TCP has acknowledged nothing to the
 * contrary. A connection that breaks has the last batch sent again.
 */
function streamSink(target: SyslogTarget, { lookup }: SinkPorts, messages: Messages): Sink {
  let socket: Socket | null = null;
  let broken: Error | null = null;

  async function opened(signal: AbortSignal): Promise<Socket> {
    if (socket !== null && broken === null && !socket.destroyed) return socket;
    socket?.destroy();
    broken = null;
    checkAddress(target.host);
    const host = target.host.replace(/^\[|\]$/g, "");
    const at = { host, port: target.port, lookup };
    const made =
      target.transport === "tls"
        ? connectTls({
            ...at,
            ...(isIP(host) === 0 ? { servername: host } : {}),
            ...(target.ca === undefined ? {} : { ca: target.ca }),
            minVersion: "TLSv1.2",
            rejectUnauthorized: true,
          })
        : connectTcp(at);
    made.setKeepAlive(true, 30_000);
    made.on("error", (error) => {
      broken = error;
    });
    made.once("close", () => {
      broken ??= new Error("the receiver closed the connection");
    });
    // A receiver has nothing to say; what it says is let go.
    made.resume();
    await waited(made, target.transport === "tls" ? "secureConnect" : "connect", connectMs, signal);
    socket = made;
    return made;
  }

  return {
    async send(lines, signal) {
      try {
        const out = await opened(signal);
        const bytes = Buffer.concat(messages(lines).map(framed));
        await new Promise<void>((resolve, reject) => {
          const late = setTimeout(() => reject(new HoopError("timeout", "the receiver takes nothing")), drainMs);
          const stop = () => reject(signal.reason);
          signal.addEventListener("abort", stop, { once: true });
          out.write(bytes, (error) => {
            clearTimeout(late);
            signal.removeEventListener("abort", stop);
            if (error) reject(error);
            else resolve();
          });
        });
        // A reset that is on its way already is seen before the batch counts.
        await new Promise((resolve) => setImmediate(resolve));
        if (broken !== null) throw broken;
      } catch (error) {
        socket?.destroy();
        socket = null;
        throw syslogError(error, signal);
      }
    },
    async close() {
      socket?.end();
      socket?.destroySoon();
      socket = null;
    },
  };
}

function udpSink(target: SyslogTarget, { lookup }: SinkPorts, messages: Messages): Sink {
  let socket: UdpSocket | null = null;
  return {
    async send(lines, signal) {
      signal.throwIfAborted();
      checkAddress(target.host);
      const host = target.host.replace(/^\[|\]$/g, "");
      try {
        const to = await resolved(host, lookup);
        socket ??= createSocket(isIP(to) === 6 ? "udp6" : "udp4");
        for (const message of messages(lines))
          await new Promise<void>((resolve, reject) => {
            socket!.send(message, target.port, to, (error) => (error ? reject(error) : resolve()));
          });
      } catch (error) {
        throw syslogError(error, signal);
      }
    },
    async close() {
      socket?.close();
      socket = null;
    },
  };
}

function waited(socket: Socket, event: string, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error: unknown) => {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
      socket.off("error", done).off("close", closed);
      if (error === undefined) resolve();
      else {
        socket.destroy();
        reject(error);
      }
    };
    const stop = () => done(signal.reason);
    const closed = () => done(new Error("the receiver closed the connection"));
    const late = setTimeout(() => done(new HoopError("timeout", "the receiver does not answer")), ms);
    signal.addEventListener("abort", stop, { once: true });
    socket
      .once(event, () => done(undefined))
      .once("error", done)
      .once("close", closed);
  });
}

function syslogError(error: unknown, signal: AbortSignal): HoopError {
  if (error instanceof HoopError) return error;
  if (signal.aborted) return new HoopError("cancelled", "it was stopped", { cause: error });
  const { code, message } = error as NodeJS.ErrnoException;
  return new HoopError("unavailable", `the receiver cannot be reached: ${code ?? message}`, { cause: error });
}

/** Judged here and not by the socket: that would have its own wildcard address judged too. */
function resolved(host: string, lookup: SinkPorts["lookup"]): Promise<string> {
  if (isIP(host) !== 0) return Promise.resolve(host);
  return new Promise((resolve, reject) => {
    lookup(host, {}, (error, address) => (error ? reject(error) : resolve(String(address))));
  });
}
