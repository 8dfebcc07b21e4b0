import { BlockList, isIP } from "node:net";
import { HoopError } from "../../vocabulary/index.js";

/** Addresses and networks as they are kept: `10.1.0.0/16`, `2001:db8::/32`. Throws HoopError `invalid`. */
export function sourcesFrom(texts: readonly string[]): readonly string[] {
  const sources = [...new Set(texts.map((text) => text.trim().toLowerCase()))];
  listOf(sources);
  return sources;
}

/** The address alone: of `10.0.0.5:51234` and `[::1]:51234` too. */
export function hostOf(address: string): string {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+):\d+$/.exec(address)?.[1] ?? address;
  return bare.toLowerCase().startsWith("::ffff:") && isIP(bare.slice(7)) === 4 ? bare.slice(7) : bare;
}

/** Whether an address is one of these, or in one of these networks. What is no address is in none. */
export function isFrom(sources: readonly string[], address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = hostOf(address).split("%", 1)[0] ?? "";
  const family = isIP(plain);
  return family !== 0 && listOf(sources).check(plain, family === 4 ? "ipv4" : "ipv6");
}

const lists = new Map<string, BlockList>();
const maxLists = 1_000;

function listOf(sources: readonly string[]): BlockList {
  const key = sources.join();
  let list = lists.get(key);
  if (list === undefined) {
    list = new BlockList();
    for (const source of sources) add(list, source);
    if (lists.size >= maxLists) lists.clear();
    lists.set(key, list);
  }
  return list;
}

function add(list: BlockList, source: string): void {
  const [address = "", bits, ...more] = source.split("/");
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  // A network of every address is a mistake, or somebody's way to look careful.
  if (family === 0 || more.length > 0 || length < 1 || length > most)
    throw new HoopError("invalid", `not an address or network: ${JSON.stringify(source.slice(0, 64))}`, {
      hint: "10.1.0.0/16, 192.0.2.7 or 2001:db8::/32",
    });
  list.addSubnet(address, length, family === 4 ? "ipv4" : "ipv6");
}
