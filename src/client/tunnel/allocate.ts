import { createHash } from "node:crypto";
import { HoopError } from "../../vocabulary/index.js";

/** A range of loopback addresses; the first sixteen are the tunnel's own (`ownAddress` says which). */
export interface Subnet {
  readonly base: number;
  readonly size: number;
}

const reserved = 16;
/** Names remembered at most; the ones not seen for longest are forgotten first. */
const maxKept = 4096;

/** `127.77.0.0/16` as a range. It must lie inside 127.0.0.0/8: an address elsewhere would leave the machine. */
export function parseSubnet(text: string): Subnet {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text);
  const bits = Number(match?.[2]);
  const base = match ? numberFromAddress(match[1]!) : null;
  if (base === null || bits < 9 || bits > 26) {
    throw new HoopError("invalid", `${JSON.stringify(text)} is not a range of addresses that the tunnel can use`, {
      hint: "write it like 127.77.0.0/16, with 9 to 26 bits",
    });
  }
  const size = 2 ** (32 - bits);
  if (base >>> 24 !== 127 || base % size !== 0) {
    throw new HoopError("invalid", `${text} is not a range inside 127.0.0.0/8`, {
      hint: "the default is 127.77.0.0/16",
    });
  }
  return { base, size };
}

/** One of the tunnel's own addresses: 1 is its DNS server, 2 the canary, 3 tells whether a port is held on every address. */
export function ownAddress(subnet: Subnet, n: 1 | 2 | 3): string {
  return addressFromNumber(subnet.base + n);
}

export function addressFromNumber(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join(".");
}

export function numberFromAddress(text: string): number | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

/**
 * One address a connection: the first try is a hash of the name, so that two machines mostly agree; what is taken is
 * stepped over, and what was once given stays (`known`, oldest first, as `toJSON` wrote it).
 */
export class Allocation {
  readonly #subnet: Subnet;
  readonly #addresses = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(subnet: Subnet, known: Iterable<readonly [string, string]> = []) {
    this.#subnet = subnet;
    this.reset(known);
  }

  /** Forgets everything but `known`. */
  reset(known: Iterable<readonly [string, string]>): void {
    const subnet = this.#subnet;
    this.#addresses.clear();
    this.#taken.clear();
    for (const [name, address] of known) {
      const value = numberFromAddress(address);
      // A range that was changed since, or a file that somebody edited: such lines are forgotten.
      if (value === null || value < subnet.base + reserved || value >= subnet.base + subnet.size - 1) continue;
      if (this.#taken.has(address) || this.#addresses.has(name)) continue;
      this.#addresses.set(name, address);
      this.#taken.add(address);
    }
  }

  /** The address of `name`, given now when it has none. */
  addressOf(name: string): string {
    const known = this.#addresses.get(name);
    if (known !== undefined) {
      // Seen last: moves to the young end.
      this.#addresses.delete(name);
      this.#addresses.set(name, known);
      return known;
    }
    return this.#give(name, new Set());
  }

  /** Gives `name` another address, when something that is not ours sits on its present one. */
  moveAway(name: string, avoid: ReadonlySet<string>): string {
    const old = this.#addresses.get(name);
    if (old !== undefined) {
      this.#addresses.delete(name);
      this.#taken.delete(old);
    }
    return this.#give(name, avoid);
  }

  /** Forgets the oldest names that are not `inUse` when too many are remembered. */
  trim(inUse: ReadonlySet<string>): void {
    for (const [name, address] of this.#addresses) {
      if (this.#addresses.size <= Math.min(maxKept, this.#subnet.size / 4)) return;
      if (inUse.has(name)) continue;
      this.#addresses.delete(name);
      this.#taken.delete(address);
    }
  }

  toJSON(): [string, string][] {
    return [...this.#addresses];
  }

  #give(name: string, avoid: ReadonlySet<string>): string {
    const usable = this.#subnet.size - reserved - 1;
    const first = createHash("sha256").update(name).digest().readUInt32BE(0) % usable;
    for (let step = 0; step < usable; step++) {
      const address = addressFromNumber(this.#subnet.base + reserved + ((first + step) % usable));
      if (this.#taken.has(address) || avoid.has(address)) continue;
      this.#addresses.set(name, address);
      this.#taken.add(address);
      return address;
    }
    throw new HoopError("limited", `no loopback address is left for ${name}`, {
      hint: "give the tunnel a larger range: --range",
    });
  }
}
