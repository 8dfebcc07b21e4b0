import { MalformedError } from "../../../wire/index.js";
import { SshReader } from "../wire.js";
import type { Channel } from "./channel.js";
import { maxData, minPacket } from "./limits.js";
import type { JudgedRequest } from "./requests.js";

export function packetSize(said: number): number {
  if (said < minPacket) throw new MalformedError(`packets of at most ${said} bytes`);
  return Math.min(said, maxData);
}

export function listenRequest(name: string, reader: SshReader): JudgedRequest | null {
  if (name === "tcpip-forward") return { kind: "listen", host: reader.text(), port: reader.uint32() };
  if (name === "streamlocal-forward@openssh.com") return { kind: "listen-on-socket", path: reader.text() };
  return null;
}

/** Null: needs no rule; undefined: not carried. */
export function openRequest(type: string, rest: Buffer): JudgedRequest | null | undefined {
  if (type === "session") return null;
  const reader = new SshReader(rest);
  if (type === "direct-tcpip") return { kind: "forward-to", host: reader.text(), port: reader.uint32() };
  if (type === "direct-streamlocal@openssh.com") return { kind: "forward-to-socket", path: reader.text() };
  return undefined;
}

export function channelRequest(name: string, rest: Buffer): JudgedRequest | null {
  switch (name) {
    case "shell":
      return { kind: "shell" };
    case "exec":
      return { kind: "exec", command: new SshReader(rest).text() };
    case "subsystem":
      return { kind: "subsystem", name: new SshReader(rest).text() };
    case "auth-agent-req@openssh.com":
      return { kind: "agent-forwarding" };
    case "x11-req":
      return { kind: "x11-forwarding" };
    default:
      return null;
  }
}

export function isStart({ kind }: JudgedRequest): boolean {
  return kind === "shell" || kind === "exec" || kind === "subsystem";
}

export function textOf(request: JudgedRequest): string {
  return request.kind === "exec" ? request.command : request.kind === "subsystem" ? request.name : "";
}

export function noteTerminal(channel: Channel, name: string, rest: Buffer): void {
  const reader = new SshReader(rest);
  if (name === "pty-req") {
    const term = reader.text().slice(0, 100);
    channel.pty = { term, columns: reader.uint32(), rows: reader.uint32() };
  } else if (name === "window-change" && channel.pty) {
    channel.pty.columns = reader.uint32();
    channel.pty.rows = reader.uint32();
    channel.tap?.resized?.(channel.pty.columns, channel.pty.rows);
  }
}

export function noteExit(channel: Channel, name: string, rest: Buffer): void {
  if (name === "exit-status") channel.tap?.exited?.(new SshReader(rest).uint32(), null);
  else if (name === "exit-signal") channel.tap?.exited?.(null, new SshReader(rest).text().slice(0, 40));
}
