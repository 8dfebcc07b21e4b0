import { randomUUID } from "node:crypto";
import { HoopError, type Subject } from "../../vocabulary/index.js";
import type { BoundTerms, MachineStore, StoredDelegation, StoredSubject } from "./store.js";

/** People who let machines act for them. */
export interface Delegations {
  /** `person` consents with their own login. Throws HoopError `invalid`, `denied`, `limited`. */
  create(
    person: Subject,
    machine: StoredSubject,
    wanted: { readonly lifeMs: number; readonly bounds: BoundTerms },
  ): Promise<StoredDelegation>;
  /** Those that a subject gave or was given. */
  of(subject: Subject): Promise<readonly StoredDelegation[]>;
  /** Everybody's, newest first. */
  all(): Promise<readonly StoredDelegation[]>;
  /** Throws HoopError `not-found`. */
  get(id: string): Promise<StoredDelegation>;
  /** What was opened under it ends within a second. Throws HoopError `not-found`. */
  end(id: string, because: string): Promise<StoredDelegation>;
  /** The one by which the machine acts for this person, by name, or of this id. Throws HoopError `denied`. */
  standing(machine: StoredSubject, personOrId: string): Promise<StoredDelegation>;
}

const shortest = 60_000;
const longest = 30 * 86_400_000;
const mostOf = 100;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createDelegations({
  store,
  now,
}: {
  readonly store: MachineStore;
  readonly now: () => number;
}): Delegations {
  const stands = (one: StoredDelegation) =>
    one.ended === null && one.expiresAt.getTime() > now() && !one.person.disabled && !one.machine.disabled;

  async function get(id: string): Promise<StoredDelegation> {
    const found = uuid.test(id) ? await store.delegation(id) : null;
    if (found === null) throw new HoopError("not-found", "there is no such delegation", { hint: "hoop delegate ls" });
    return found;
  }

  return {
    async create(person, machine, { lifeMs, bounds }) {
      if (person.kind !== "person" || person.onBehalfOf !== undefined)
        throw new HoopError("denied", "only people let others act for them, and only with a login of their own");
      if (machine.kind === "person")
        throw new HoopError("invalid", `${machine.name} is a person, and nobody acts for another person`, {
          hint: "name a service account or an agent: hoop service-accounts ls",
        });
      if (machine.disabled) throw new HoopError("invalid", `${machine.name} is disabled`);
      if (!(lifeMs >= shortest && lifeMs <= longest))
        throw new HoopError("invalid", "a delegation lasts from a minute to 30 days");
      const own = await store.delegations({ person: person.id });
      if (own.filter(stands).length >= mostOf)
        throw new HoopError("limited", `${mostOf} machines act for you already`, { hint: "hoop delegate ls" });
      return store.createDelegation({
        id: randomUUID(),
        machine: machine.id,
        person: person.id,
        bounds,
        expiresAt: new Date(now() + lifeMs),
      });
    },

    of: (subject) => store.delegations(subject.kind === "person" ? { person: subject.id } : { machine: subject.id }),
    all: () => store.delegations({}),
    get,

    async end(id, because) {
      const found = await get(id);
      const ended = await store.endDelegation(found.id, because);
      if (ended === null) throw new HoopError("not-found", "this delegation has ended already");
      return ended;
    },

    async standing(machine, personOrId) {
      const wanted = personOrId.toLowerCase();
      const found = (await store.delegations({ machine: machine.id })).find(
        (one) => stands(one) && (one.id === wanted || one.person.name === wanted),
      );
      // Alike for a person who is not there and one who never agreed: whoever asks learns no names.
      if (found === undefined)
        throw new HoopError("denied", `nobody of that name lets ${machine.name} act for them`, {
          hint: `they say: hoop delegate ${machine.name} --for 2h`,
        });
      return found;
    },
  };
}
