import { randomUUID } from "node:crypto";
import { HoopError, type Subject } from "../../vocabulary/index.js";
import { nameFrom } from "../names.js";
import { mintToken } from "../token.js";
import { boundOf } from "./bounds.js";
import { sourcesFrom } from "./sources.js";
import type { BoundTerms, MachineStore, StoredKey, StoredSubject } from "./store.js";

export interface KeyDraft {
  readonly name: string;
  /** Milliseconds. */
  readonly lifeMs: number;
  readonly bounds: BoundTerms;
  /** Addresses and networks that it may be used from; empty: any. */
  readonly sources: readonly string[];
}

/** Keys of service accounts: several at a time, so that one is replaced before it is revoked. */
export interface ServiceKeys {
  /** The key's text is shown once. Throws HoopError `invalid`, `conflict`, `limited`. */
  create(
    machine: StoredSubject,
    draft: KeyDraft,
    by: Subject,
  ): Promise<{ readonly key: StoredKey; readonly text: string }>;
  list(machine: StoredSubject | null): Promise<readonly StoredKey[]>;
  /** By name or id, of this machine. What it opened ends with it. Throws HoopError `not-found`. */
  revoke(machine: StoredSubject, nameOrId: string, by: Subject): Promise<StoredKey>;
}

const day = 86_400_000;
const longest = 366 * day;
const shortest = 60_000;
const mostKeys = 20;
const hintLength = 14;

export function createServiceKeys({
  store,
  now,
}: {
  readonly store: MachineStore;
  readonly now: () => number;
}): ServiceKeys {
  const counts = (key: StoredKey) => key.ended === null && key.expiresAt.getTime() > now();
  return {
    async create(machine, draft, by) {
      if (machine.kind === "person")
        throw new HoopError("invalid", "people sign in; keys are for service accounts and agents", {
          hint: "hoop login",
        });
      if (!(draft.lifeMs >= shortest && draft.lifeMs <= longest))
        throw new HoopError("invalid", "a key lasts from a minute to a year");
      const name = keyName(draft.name);
      const sources = sourcesFrom(draft.sources);
      const keys = await store.keys(machine.id);
      if (keys.filter(counts).length >= mostKeys)
        throw new HoopError("limited", `${machine.name} has ${mostKeys} keys already`, {
          hint: "revoke those that nothing uses",
        });
      // Its name is free again for another.
      const over = keys.find((key) => key.name === name && key.ended === null && !counts(key));
      if (over !== undefined) await store.endKey(over.id, "it has expired");
      const token = mintToken("key");
      const expiresAt = new Date(now() + draft.lifeMs);
      const key = await store.createKey(
        {
          id: randomUUID(),
          subject: machine.id,
          name,
          hint: token.text.slice(0, hintLength),
          bounds: draft.bounds,
          sources,
          createdBy: by.name,
          expiresAt,
        },
        // What it opened goes on until then, and no longer.
        [boundOf(`key ${JSON.stringify(name)}`, draft.bounds, expiresAt)],
        { hash: token.hash, kind: "key", expiresAt },
      );
      return { key, text: token.text };
    },

    list: (machine) => store.keys(machine?.id ?? null),

    async revoke(machine, nameOrId, by) {
      const known = await store.keys(machine.id);
      const found = known.find((key) => key.id === nameOrId || (key.name === nameOrId && key.ended === null));
      const ended = found === undefined ? null : await store.endKey(found.id, `revoked by ${by.name}`);
      if (ended === null)
        throw new HoopError("not-found", `${machine.name} has no key ${JSON.stringify(nameOrId.slice(0, 64))} in use`, {
          hint: `hoop service-accounts keys ${machine.name}`,
        });
      return ended;
    },
  };
}

/** The same letters as in a user's name. */
function keyName(text: string): string {
  return nameFrom(text, "user");
}
