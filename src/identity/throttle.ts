import { HoopError } from "../vocabulary/index.js";

interface Failures {
  count: number;
  /** When the last one was, and until when the next try is refused. Milliseconds, monotonic. */
  at: number;
  until: number;
}

const forgetMs = 15 * 60_000;
const longestMs = 5 * 60_000;

/** Slows guessing down. */
export interface Throttle {
  /** Throws HoopError `limited` while the key has to wait. */
  check(key: string): void;
  failed(key: string): void;
  /** Takes back one `failed` that turned out well; what failed before still counts. */
  forgiven(key: string): void;
  succeeded(key: string): void;
}

/**
 * After `free` failures each further one doubles a wait, up to five minutes; a quarter of an hour in peace forgives all.
 * Keys hold the asker's address, so that nobody locks out another. The oldest keys go when there are too many.
 */
export function createThrottle({
  free,
  keys = 20_000,
  now = () => performance.now(),
}: {
  free: number;
  keys?: number;
  now?: () => number;
}): Throttle {
  const failures = new Map<string, Failures>();
  return {
    check(key) {
      const known = failures.get(key);
      const waitMs = (known?.until ?? 0) - now();
      if (waitMs <= 0) return;
      throw new HoopError("limited", "too many failed attempts", {
        hint: `try again in ${Math.ceil(waitMs / 1_000)} s`,
      });
    },
    failed(key) {
      const at = now();
      const known = failures.get(key);
      const count = known === undefined || at - known.at > forgetMs ? 1 : known.count + 1;
      const waitMs = count < free ? 0 : Math.min(1_000 * 2 ** Math.min(count - free, 20), longestMs);
      // Set anew, so that the map's order is the order of the last failures.
      failures.delete(key);
      failures.set(key, { count, at, until: at + waitMs });
      if (failures.size > keys) failures.delete(failures.keys().next().value!);
    },
    forgiven(key) {
      const known = failures.get(key);
      if (known === undefined) return;
      known.count -= 1;
      known.until = 0;
      if (known.count <= 0) failures.delete(key);
    },
    succeeded(key) {
      failures.delete(key);
    },
  };
}

/** The part of an address that one asker cannot change at will: all of IPv4, the /64 of IPv6. */
export function addressBlock(address: string): string {
  const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("%", 1)[0]!.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const whole =
    tail === undefined
      ? groups
      : [...groups, ...Array<string>(Math.max(0, 8 - groups.length - after.length)).fill("0"), ...after];
  return `${whole
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
