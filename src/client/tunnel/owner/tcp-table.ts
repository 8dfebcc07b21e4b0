import { endianness } from "node:os";
import { numberFromAddress } from "../allocate.js";

/** One row of Linux's `/proc/net/tcp` or `tcp6`. Source: Documentation/networking/proc_net_tcp.rst of the kernel. */
export interface TcpRow {
  readonly state: number;
  readonly uid: number;
  /** 0: the socket has no owner any more (closed by its process, or TIME_WAIT), and its uid means nothing. */
  readonly inode: number;
}

export const tcpListen = 0x0a;

/** The kernel prints each 32-bit word of an address as a number of the machine's own byte order. */
export function hexAddress(address: string, order = endianness()): string {
  const value = numberFromAddress(address);
  if (value === null) throw new TypeError(`not an IPv4 address: ${address}`);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return hex(order === "LE" ? bytes.readUInt32LE() : bytes.readUInt32BE(), 8);
}

/** The same address as a socket of the IPv6 family shows it: `::ffff:a.b.c.d`. Java's sockets are such. */
export function hexMappedAddress(address: string, order = endianness()): string {
  return `${"0".repeat(16)}${order === "LE" ? "FFFF0000" : "0000FFFF"}${hexAddress(address, order)}`;
}

/** Finds the row of one connection by its two ends, each `HEX:PORT`, without reading the other rows apart. */
export function findConnection(table: string, local: string, remote: string): TcpRow | null {
  const at = table.indexOf(`: ${local} ${remote} `);
  if (at < 0) return null;
  const end = table.indexOf("\n", at);
  return rowFrom(table.slice(at + 2, end < 0 ? undefined : end));
}

/** Every listening row on `port`, with the address it listens on in the kernel's hex. */
export function listenersOn(table: string, port: number): (TcpRow & { address: string })[] {
  const found: (TcpRow & { address: string })[] = [];
  for (const line of table.split("\n").slice(1)) {
    const start = line.indexOf(": ");
    if (start < 0) continue;
    const text = line.slice(start + 2);
    const [address, hexPort] = text.split(" ", 1)[0]!.split(":");
    if (address === undefined || hexPort === undefined || Number.parseInt(hexPort, 16) !== port) continue;
    const row = rowFrom(text);
    if (row?.state === tcpListen) found.push({ ...row, address });
  }
  return found;
}

/** `hex:port` of one end. */
export function hexEnd(address: string, port: number): string {
  return `${address}:${hex(port, 4)}`;
}

function rowFrom(text: string): TcpRow | null {
  // local remote st tx:rx tr:when retrnsmt uid timeout inode …
  const fields = text.trim().split(/\s+/, 9);
  const state = Number.parseInt(fields[2] ?? "", 16);
  const uid = Number(fields[6]);
  const inode = Number(fields[8]);
  if (!Number.isInteger(state) || !Number.isInteger(uid) || !Number.isInteger(inode)) return null;
  return { state, uid, inode };
}

function hex(value: number, width: number): string {
  return value.toString(16).toUpperCase().padStart(width, "0");
}
