import { parseAddress } from "./addresses.js";

/** Connections that may be closed when there are too many: nobody has proven anything on them, or nobody uses them. */
export interface Strangers {
  /** One more, unless it is known; where there are too many, the oldest of the network that has most of them is closed for it. */
  came(id: string, address: string, close: () => void): void;
  /** It is used by somebody who has shown who they are, or it is gone. */
  left(id: string): void;
}

/**
 * A connection costs its opener nothing, and those that nobody has proven anything on would be all that there may be: then no
 * agent and no tunnel comes in. So their number is bounded. Who means it proves itself within a second or so, and goes only
 * when its own network opens that many meanwhile.
 */
export function createStrangers(most: number): Strangers {
  /** By network: its connections, the oldest first. */
  const networks = new Map<string, Map<string, () => void>>();
  const networkById = new Map<string, string>();

  function left(id: string): void {
    const network = networkById.get(id);
    if (network === undefined) return;
    networkById.delete(id);
    const own = networks.get(network)!;
    own.delete(id);
    if (own.size === 0) networks.delete(network);
  }

  function closeOne(): void {
    let largest: Map<string, () => void> | null = null;
    for (const own of networks.values()) if (largest === null || own.size > largest.size) largest = own;
    const [id, close] = largest!.entries().next().value!;
    left(id);
    close();
  }

  return {
    came(id, address, close) {
      if (networkById.has(id)) return;
      if (networkById.size >= most) closeOne();
      const network = networkOf(address);
      const own = networks.get(network) ?? new Map<string, () => void>();
      networks.set(network, own.set(id, close));
      networkById.set(id, network);
    },
    left,
  };
}

/** An IPv4 address, or the 64 bits of an IPv6 address that one subscriber has at least. */
function networkOf(address: string): string {
  const parsed = parseAddress(address);
  if (parsed === null || parsed.family === 4) return parsed?.text ?? address;
  return parsed.text.split(":").slice(0, 4).join(":");
}
