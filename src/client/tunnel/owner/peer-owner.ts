import { readFile } from "node:fs/promises";
import { findConnection, hexAddress, hexEnd, hexMappedAddress, type TcpRow } from "./tcp-table.js";

/** The two ends of an accepted connection, as our side sees them, and the port that the client dialled. */
export interface AcceptedEnds {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly address: string;
  /** Ours, and the published one where a redirect stands between: the client's row shows what the client dialled. */
  readonly ports: readonly number[];
}

/** The user that owns the connecting socket; null: it cannot be told, which means no. */
export type PeerOwner = number | null;

/** Answers who owns the other end of a loopback connection. */
export interface OwnerSource {
  ownerOf(ends: AcceptedEnds): Promise<PeerOwner>;
}

/** A table that changes while it is read may miss a row; a missing row is looked for this often. */
const attempts = 4;

/** Linux: from the kernel's table of TCP sockets, through `folder` (`/proc/net`). */
export function procOwnerSource(folder = "/proc/net"): OwnerSource {
  const v4 = sharedReader(`${folder}/tcp`);
  const v6 = sharedReader(`${folder}/tcp6`);
  return {
    async ownerOf(ends) {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const row = find(await v4(), ends, hexAddress) ?? find(await v6(), ends, hexMappedAddress);
        if (row === null) continue;
        // A closed socket shows uid 0. Who connects, sends and closes at once must not pass for root.
        return row.inode === 0 ? null : row.uid;
      }
      return null;
    },
  };
}

function find(table: string, ends: AcceptedEnds, hex: (address: string) => string): TcpRow | null {
  const local = hexEnd(hex(ends.clientAddress), ends.clientPort);
  for (const port of ends.ports) {
    const row = findConnection(table, local, hexEnd(hex(ends.address), port));
    if (row) return row;
  }
  return null;
}

/** A hundred connections that arrive together share one reading, but only one that began after they were accepted. */
function sharedReader(path: string): () => Promise<string> {
  let running: Promise<unknown> | null = null;
  let next: Promise<string> | null = null;
  const read = (): Promise<string> => {
    const reading = readFile(path, "latin1").catch(() => "");
    running = reading;
    void reading.then(() => {
      if (running === reading) running = null;
    });
    return reading;
  };
  return () => {
    if (!running) return read();
    next ??= running.then(() => {
      next = null;
      return read();
    });
    return next;
  };
}
