import { HoopError } from "../vocabulary/index.js";

/** An entry on its way to a store: its bytes, and what it is filed under. */
export interface NewEntry {
  readonly chain: string;
  readonly seq: number;
  /** SHA-256 of the body, hex. */
  readonly hash: string;
  readonly prev: string;
  readonly time: number;
  readonly kind: string;
  readonly session: string | null;
  /** Of a statement: what was decided. */
  readonly outcome: string | null;
  /** UTF-8, exactly as journalled; a view. */
  readonly body: Buffer;
}

/** Bodies begin alike (see `entry.ts`), so that filing them takes no parsing. */
const beginning =
  /^\{"v":1,"chain":"([0-9a-f-]{36})","seq":(\d{1,16}),"prev":"([0-9a-f]{64})","time":(\d{1,16}),"kind":"([a-z-]{1,32})"(?:,"session":"([0-9a-f-]{36})")?(?:,"outcome":"([a-z]{1,16})")?/;
const longestBeginning = 352;

/** The session that a stored body belongs to; null: none. */
export function sessionOf(body: string): string | null {
  return beginning.exec(body.slice(0, longestBeginning))?.[6] ?? null;
}

/** Throws HoopError `precondition-failed` for bytes that are no entry's body. */
export function newEntry(hash: string, body: Buffer): NewEntry {
  const found = beginning.exec(body.toString("latin1", 0, longestBeginning));
  if (found === null)
    throw new HoopError("precondition-failed", "what was recorded as an entry does not begin as entries do");
  return {
    chain: found[1]!,
    seq: Number(found[2]),
    hash,
    prev: found[3]!,
    time: Number(found[4]),
    kind: found[5]!,
    session: found[6] ?? null,
    outcome: found[7] ?? null,
    body,
  };
}
