import type { EventsLog } from "./log.js";
import type { EventStore, NewRestraint, Restraint } from "./store.js";
import { wakeable } from "./wakeable.js";

/** What rules impose on sessions and subjects, as it is now, in memory on every gateway. */
export interface LiveRestraints {
  /** Not null: nothing of that session goes to its target. */
  pauseOf(session: string, subject: string): Restraint | null;
  /** In force for that subject. */
  of(subject: string, kind: "review" | "masks"): readonly Restraint[];
  list(): readonly Restraint[];
  /** In force here at once, and in the store soon after; what is known already stays as it is. */
  impose(restraints: readonly NewRestraint[]): void;
  lift(id: string, by: string): Promise<Restraint | null>;
  liftOf(firing: string, by: string): Promise<number>;
  /** Called with each one that came into force or ceased to be, `over`: by its time. Returns the way to stop. */
  watch(listener: (restraint: Restraint, change: "imposed" | "lifted" | "over") => void): () => void;
  close(): Promise<void>;
}

const pollMs = 5_000;
const retryMs = 500;

export async function createLiveRestraints(
  store: EventStore,
  log: EventsLog,
  now: () => number,
): Promise<LiveRestraints> {
  const live = new Map<string, Restraint>();
  /** Told as imposed once, whatever the store says again. */
  const told = new Map<string, number>();
  const unsaved = new Map<string, NewRestraint>();
  const listeners = new Set<(restraint: Restraint, change: "imposed" | "lifted" | "over") => void>();
  let pauses: readonly Restraint[] = [];
  let bySubject: ReadonlyMap<string, readonly Restraint[]> = new Map();

  function index(): void {
    pauses = [...live.values()].filter(({ kind }) => kind === "pause");
    const subjects = new Map<string, Restraint[]>();
    for (const one of live.values())
      if (one.subject !== null) subjects.set(one.subject, [...(subjects.get(one.subject) ?? []), one]);
    bySubject = subjects;
  }

  function tell(restraint: Restraint, change: "imposed" | "lifted" | "over"): void {
    for (const listener of listeners) {
      try {
        listener(restraint, change);
      } catch (error) {
        log.error({ err: error, restraint: restraint.id }, "what a rule imposed could not be carried out");
      }
    }
  }

  function add(restraint: Restraint): void {
    if (told.has(restraint.id)) return;
    told.set(restraint.id, restraint.until);
    live.set(restraint.id, restraint);
    index();
    tell(restraint, "imposed");
  }

  function remove(restraint: Restraint, change: "lifted" | "over"): void {
    if (!live.delete(restraint.id)) return;
    index();
    tell(restraint, change);
  }

  async function save(): Promise<void> {
    if (unsaved.size === 0) return;
    const some = [...unsaved.values()];
    await store.impose(some);
    for (const { id } of some) unsaved.delete(id);
  }

  async function refresh(): Promise<void> {
    for (const restraint of await store.restraints()) {
      if (restraint.ended !== null) {
        told.set(restraint.id, restraint.until);
        remove(restraint, "lifted");
      } else if (restraint.until > now()) add(restraint);
    }
  }

  /** Ends what is over; answers when to look again. */
  function expire(): number {
    let next = pollMs;
    for (const restraint of [...live.values()]) {
      if (restraint.until <= now()) remove(restraint, "over");
      else next = Math.min(next, restraint.until - now());
    }
    for (const [id, until] of told) if (until < now() - 60 * 60_000) told.delete(id);
    return next;
  }

  await refresh();
  const work = wakeable(async () => {
    try {
      await save();
      await refresh();
    } catch (error) {
      log.warn({ err: error }, "what rules imposed cannot be told to other gateways; tried again");
      return Math.min(retryMs, expire());
    }
    return expire();
  });
  work.wake();
  const stop = store.watchReactions(() => work.wake());

  return {
    pauseOf(session, subject) {
      // Almost always none.
      if (pauses.length === 0) return null;
      return pauses.find((one) => one.session === session || one.subject === subject) ?? null;
    },
    of: (subject, kind) => bySubject.get(subject)?.filter((one) => one.kind === kind) ?? none,
    list: () => [...live.values()],
    impose(restraints) {
      for (const { forMs, ...restraint } of restraints) {
        if (told.has(restraint.id)) continue;
        unsaved.set(restraint.id, { ...restraint, forMs });
        add({ ...restraint, since: now(), until: now() + forMs, ended: null });
      }
      work.wake();
    },
    async lift(id, by) {
      await save();
      const lifted = await store.lift(id, by);
      if (lifted !== null) remove(lifted, "lifted");
      return lifted;
    },
    async liftOf(firing, by) {
      const count = await store.liftOf(firing, by);
      for (const one of [...live.values()]) if (one.firing === firing) remove(one, "lifted");
      return count;
    },
    watch(listener) {
      const mine = (restraint: Restraint, change: "imposed" | "lifted" | "over") => listener(restraint, change);
      listeners.add(mine);
      return () => listeners.delete(mine);
    },
    async close() {
      stop();
      await work.close();
    },
  };
}

const none: readonly Restraint[] = [];
