import { randomUUID } from "node:crypto";
import { isIP } from "node:net";
import { HoopError, type Subject } from "../../../vocabulary/index.js";
import { nameFrom } from "../../names.js";
import type { BoundTerms, MachineStore, StoredSubject, StoredTrust } from "../store.js";
import { whyTooWide } from "./claims.js";

export interface TrustDraft {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  readonly claims: Readonly<Record<string, readonly string[]>>;
  readonly condition: string | null;
  readonly bounds: BoundTerms;
  readonly lifeSeconds: number;
  readonly singleUse: boolean;
}

/** Reads an expression over `claims`; a text: what is wrong with it. */
export type CompileCondition = (text: string) => ((claims: Readonly<Record<string, unknown>>) => boolean) | string;

/** Whose workload tokens are taken. */
export interface Trusts {
  list(): Promise<readonly StoredTrust[]>;
  /** Throws HoopError `not-found`. */
  get(name: string): Promise<StoredTrust>;
  /** Makes it, or replaces the one of that name, whose tokens end. Throws HoopError `invalid`. */
  put(
    draft: TrustDraft,
    machine: StoredSubject,
    by: Subject,
  ): Promise<{ readonly before: StoredTrust | null; readonly after: StoredTrust }>;
  /** Throws HoopError `not-found`. */
  remove(name: string): Promise<StoredTrust>;
}

export function createTrusts({
  store,
  compile,
}: {
  readonly store: MachineStore;
  readonly compile: CompileCondition;
}): Trusts {
  const none = (name: string) =>
    new HoopError("not-found", `there is no trust ${JSON.stringify(name.slice(0, 64))}`, {
      hint: "hoop federation ls",
    });
  return {
    list: () => store.trusts(),
    async get(name) {
      const found = (await store.trusts()).find((trust) => trust.name === name);
      if (found === undefined) throw none(name);
      return found;
    },
    async put(draft, machine, by) {
      if (machine.kind === "person")
        throw new HoopError("invalid", `${machine.name} is a person; workloads become service accounts`);
      checkIssuer(draft.issuer);
      const wide = whyTooWide(draft.issuer, draft.claims);
      if (wide !== null) throw new HoopError("invalid", wide);
      const condition = draft.condition === null ? null : compile(draft.condition);
      if (typeof condition === "string") throw new HoopError("invalid", `the condition ${condition}`);
      const name = nameFrom(draft.name, "user");
      return store.putTrust({ ...draft, name, id: randomUUID(), subject: machine.id, createdBy: by.name });
    },
    async remove(name) {
      const removed = await store.removeTrust(name);
      if (removed === null) throw none(name);
      return removed;
    },
  };
}

/** As tokens carry it, to the letter. Plain http for this machine only: whoever is on the way would sign. */
function checkIssuer(text: string): void {
  const bad = (why: string) =>
    new HoopError("invalid", `the issuer ${why}`, {
      hint: "as in its tokens: https://token.actions.githubusercontent.com",
    });
  if (!URL.canParse(text)) throw bad("is not a URL");
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const local = host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local)) throw bad("is not https");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw bad("carries more than a host and a path");
}
