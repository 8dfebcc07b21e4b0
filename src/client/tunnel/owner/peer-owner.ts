import { open } from "node:fs/promises";
import { findConnection, hexAddress, hexEnd, hexMappedAddress, type TcpRow } from "./tcp-table.js";

/** The two ends of an accepted connection, as our side sees them, and the port that the client dialled. */
export interface AcceptedEnds {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly address: string;
  /**
   * Ours, then the published one where a redirect may stand between: the client's row shows what the client dialled. A row for
   * ours decides: somebody else may have a connection from the same port to the published one.
   */
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
  const v4 = new TableScan(`${folder}/tcp`);
  const v6 = new TableScan(`${folder}/tcp6`);
  return {
    async ownerOf(ends) {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const row = (await v4.find(keysOf(ends, hexAddress))) ?? (await v6.find(keysOf(ends, hexMappedAddress)));
        if (row === null) continue;
        // A closed socket shows uid 0. Who connects, sends and closes at once must not pass for root.
        return row.inode === 0 ? null : row.uid;
      }
      return null;
    },
  };
}

/** The client's row by its two ends, for each port that it may have dialled, the surest first. */
function keysOf(ends: AcceptedEnds, hex: (address: string) => string): readonly (readonly [string, string])[] {
  const local = hexEnd(hex(ends.clientAddress), ends.clientPort);
  return ends.ports.map((port) => [local, hexEnd(hex(ends.address), port)] as const);
}

interface Wanted {
  readonly keys: readonly (readonly [string, string])[];
  /** The beginning of the table has passed since it was asked for: at the end there is nothing more to wait for. */
  whole: boolean;
  /** A row for a less sure key; the surest may still come. */
  second: TcpRow | null;
  readonly found: (row: TcpRow | null) => void;
}

/** Bytes asked for at once; the kernel gives a page. */
const readBytes = 64 * 1024;

/**
 * Reads a table for all who look for a row in it, and no further than the last of them needs: the kernel walks its whole hash
 * of sockets for it, a few milliseconds on a large machine. Who comes while it is read joins, and gets what it missed
 * from the next reading; no answer rests on what was read before it was asked.
 */
class TableScan {
  readonly #path: string;
  #wanted: Wanted[] = [];
  #reading = false;

  constructor(path: string) {
    this.#path = path;
  }

  find(keys: Wanted["keys"]): Promise<TcpRow | null> {
    return new Promise((found) => {
      this.#wanted.push({ keys, whole: false, second: null, found });
      if (!this.#reading) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#reading = true;
    while (this.#wanted.length > 0) {
      for (const wanted of this.#wanted) wanted.whole = true;
      await this.#read().catch(() => {});
      const missing = this.#wanted.filter((wanted) => wanted.whole);
      this.#wanted = this.#wanted.filter((wanted) => !wanted.whole);
      for (const { found, second } of missing) found(second);
    }
    this.#reading = false;
  }

  async #read(): Promise<void> {
    const file = await open(this.#path);
    try {
      const buffer = Buffer.allocUnsafe(readBytes);
      let begun = "";
      while (this.#wanted.length > 0) {
        const { bytesRead } = await file.read(buffer, 0, readBytes, null);
        if (bytesRead === 0) return;
        const text = begun + buffer.toString("latin1", 0, bytesRead);
        const end = text.lastIndexOf("\n") + 1;
        begun = text.slice(end);
        this.#look(text.slice(0, end));
      }
    } finally {
      await file.close();
    }
  }

  #look(lines: string): void {
    this.#wanted = this.#wanted.filter((wanted) => {
      for (const [index, [local, remote]] of wanted.keys.entries()) {
        const row = findConnection(lines, local, remote);
        if (row === null) continue;
        if (index > 0) wanted.second ??= row;
        else {
          wanted.found(row);
          return false;
        }
      }
      return true;
    });
  }
}
