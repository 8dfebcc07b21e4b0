import {
  encodeBind,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from "../../src/protocols/postgres/codec/frontend.js";
import { field, type RawMessage, RawPostgres } from "../support/raw-postgres.js";

/**
 * `masked`: it runs, and no byte that comes back holds a canary. `refused`: some step is, and no byte holds one either.
 * `safe`: one of both, or the target's own error; only the bytes count.
 */
export type Expected = "masked" | "refused" | "safe";

/**
 * One way around. Steps are texts for a simple query of session a, or begin with
 * `b:` session b · `x:` extended protocol with Describe · `n:` extended without Describe ·
 * `p:` several in one pipeline with one Sync, split at `;;` · `q:` several queries sent at once, split at `;;` ·
 * `db:` straight at the target, by its owner.
 */
export type Trick = readonly [expected: Expected, ...steps: string[]];

export interface Reached {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user?: string;
}

/** What came back: every byte as latin1, and the refusals of Hoop among it. */
export interface Outcome {
  readonly bytes: string;
  readonly refusals: readonly string[];
  readonly errors: readonly string[];
}

/** Plays the steps; `owner` runs what goes straight to the target. */
export async function play(
  steps: readonly string[],
  to: Reached,
  owner: (sql: string) => Promise<unknown>,
  open = RawPostgres.open,
): Promise<Outcome> {
  const sessions = new Map<string, RawPostgres>();
  const bytes: string[] = [];
  const refusals: string[] = [];
  const errors: string[] = [];
  const session = async (name: string): Promise<RawPostgres> => {
    const there = sessions.get(name);
    if (there) return there;
    const made = await open(to, { user: to.user ?? "postgres", database: to.database });
    sessions.set(name, made);
    return made;
  };
  const take = (messages: readonly RawMessage[]): void => {
    for (const message of messages) {
      bytes.push(message.body.toString("latin1"));
      if (message.type !== "E") continue;
      const text = field([message], "M") ?? "";
      if (field([message], "C") === "42501" && text.startsWith("hoop: ")) refusals.push(text);
      else errors.push(`${field([message], "C")} ${text}`);
    }
  };
  try {
    for (const step of steps) {
      const [, kind = "", text = ""] = /^(?:(b|x|n|p|q|db):)?\s*([\s\S]*)$/.exec(step) ?? [];
      if (kind === "db") {
        await owner(text);
        continue;
      }
      const raw = await session(kind === "b" ? "b" : "a");
      const texts = kind === "p" || kind === "q" ? text.split(";;").map((one) => one.trim()) : [text];
      if (kind === "" || kind === "b") take(await raw.query(text));
      else if (kind === "q") {
        raw.send(...texts.map(encodeQuery));
        for (const _ of texts) take(await raw.until("Z"));
      } else {
        const frames = texts.flatMap((one) => [
          encodeParse("", one),
          encodeBind("", "", []),
          ...(kind === "n" ? [] : [encodeDescribe("portal", "")]),
          encodeExecute(""),
        ]);
        raw.send(...frames, encodeSync());
        take(await raw.until("Z"));
      }
    }
    // A notification comes before the next answer.
    for (const raw of sessions.values()) take(await raw.query("select 1"));
  } finally {
    for (const raw of sessions.values()) {
      take(raw.rest());
      raw.close();
    }
  }
  return { bytes: bytes.join("\n"), refusals, errors };
}
