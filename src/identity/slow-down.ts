import { HoopError } from "../vocabulary/index.js";

interface Account {
  failures: number;
  /** Of the last failure, milliseconds, monotonic. */
  at: number;
  /** The network of each try that waits for its turn. */
  readonly waiting: Set<string>;
  turn: Promise<void>;
}

const forgetMs = 60 * 60_000;

/**
 * Makes guessing at one account from everywhere slow, without locking its owner out: past `free` failures tries take turns, one
 * in `mostMs`, whoever makes them. A network has one place in the queue, so that one of many cannot fill it.
 */
export interface SlowDown {
  /** Resolves when it is this try's turn. Throws HoopError `limited` when too many wait, or one from this network does. */
  enter(account: string, network: string): Promise<void>;
  failed(account: string): void;
  /** Takes back one `failed` that turned out well. */
  forgiven(account: string): void;
}

export function createSlowDown({
  free = 20,
  stepMs = 125,
  mostMs = 2_000,
  waiting = 12,
  accounts = 20_000,
  now = () => performance.now(),
  wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref()),
}: {
  free?: number;
  stepMs?: number;
  mostMs?: number;
  waiting?: number;
  accounts?: number;
  now?: () => number;
  wait?: (ms: number) => Promise<void>;
} = {}): SlowDown {
  const known = new Map<string, Account>();

  function recent(account: string): Account | undefined {
    const found = known.get(account);
    if (found === undefined || found.waiting.size > 0 || now() - found.at <= forgetMs) return found;
    known.delete(account);
    return undefined;
  }

  const delayOf = ({ failures }: Account): number =>
    failures < free ? 0 : Math.min(stepMs * 2 ** Math.min(failures - free, 20), mostMs);

  return {
    async enter(account, network) {
      const found = recent(account);
      if (found === undefined || delayOf(found) === 0) return;
      if (found.waiting.size >= waiting || found.waiting.has(network))
        throw new HoopError("limited", "too many failed attempts", { hint: "try again in a minute" });
      found.waiting.add(network);
      const turn = found.turn.then(() => wait(delayOf(found)));
      found.turn = turn;
      try {
        await turn;
      } finally {
        found.waiting.delete(network);
      }
    },
    failed(account) {
      const found = recent(account) ?? { failures: 0, at: 0, waiting: new Set<string>(), turn: Promise.resolve() };
      found.failures += 1;
      found.at = now();
      // Set anew, so that the map's order is the order of the last failures.
      known.delete(account);
      known.set(account, found);
      if (known.size > accounts) known.delete(known.keys().next().value!);
    },
    forgiven(account) {
      const found = known.get(account);
      if (found === undefined) return;
      found.failures -= 1;
      if (found.failures <= 0 && found.waiting.size === 0) known.delete(account);
    },
  };
}
