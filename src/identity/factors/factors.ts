import { type KeyObject, randomUUID } from "node:crypto";
import { HoopError, type Subject, type SubjectId } from "../../vocabulary/index.js";
import type { IdentityStore } from "../store.js";
import { type Obligation, obligationOf } from "./enrolment.js";
import type { AuthenticationOptions, PasskeyAnswer, Passkeys, RegistrationOptions, Site } from "./passkeys.js";
import { fewCodes, hashRecoveryCode, mintRecoveryCode, recoveryCodeCount } from "./recovery-codes.js";
import type { EnrolmentPolicy, FactorSecrets, FactorStore, FactorSummary, StoredFactor } from "./store.js";
import { mintTotpSecret, totpStep, totpUri } from "./totp.js";

/** A TOTP to be scanned, shown once. */
export interface TotpOffer {
  readonly id: string;
  /** Base32, for those who type it. */
  readonly secret: string;
  /** `otpauth://totp/…`, what the picture holds. */
  readonly uri: string;
  readonly expires: Date;
}

/** A factor was made. The first brings recovery codes, shown once. */
export interface Enrolled {
  readonly factor: Pick<StoredFactor, "id" | "kind" | "name">;
  readonly recoveryCodes: readonly string[] | null;
}

export interface FactorsView extends FactorSummary {
  readonly obligation: Obligation;
  readonly fewCodes: boolean;
}

/** Who wants to change factors: the account, and the login it comes by. */
export interface Owner {
  readonly subject: Subject;
  readonly login: string;
}

/** People's second factors. What changes one needs a proof of the last five minutes, except where the sign-in itself asks for the first one. */
export interface Factors {
  view(subject: SubjectId): Promise<FactorsView>;
  /** Throws HoopError `precondition-failed` unless this login has just proved who it is: by a factor, or where there is none by the password. */
  requireFresh(owner: Owner): Promise<void>;

  /**
   * The proof of those who have no factor yet. `check` answers who the password belongs to. Throws HoopError `precondition-failed` where
   * there is a factor to be answered instead.
   */
  proveByPassword(owner: Owner, check: (name: string) => Promise<Subject>): Promise<void>;

  beginTotp(subject: Subject): Promise<TotpOffer>;
  /** Throws HoopError `unauthenticated` (the code is wrong), `not-found` (begin anew). */
  confirmTotp(subject: Subject, id: string, code: string): Promise<Enrolled>;
  passkeyOptions(subject: Subject, bound: string, site: Site): Promise<RegistrationOptions>;
  addPasskey(subject: Subject, bound: string, name: string, answer: PasskeyAnswer): Promise<Enrolled>;

  rename(subject: SubjectId, id: string, name: string): Promise<StoredFactor>;
  /** Throws HoopError `conflict`: it is the last, and one is required. */
  remove(subject: Subject, id: string): Promise<StoredFactor>;
  /** The old ones are worth nothing from now on. */
  newRecoveryCodes(subject: SubjectId): Promise<readonly string[]>;
  /** For admins: takes every factor away and ends the logins. */
  reset(subject: SubjectId): Promise<readonly StoredFactor[]>;

  policy(): Promise<EnrolmentPolicy>;
  setPolicy(
    policy: Omit<EnrolmentPolicy, "since">,
  ): Promise<{ readonly before: EnrolmentPolicy; readonly after: EnrolmentPolicy }>;
  /** Removes what is long over, and secrets of factors that are gone. */
  sweep(): Promise<void>;
}

export type { AuthenticationOptions, PasskeyAnswer, RegistrationOptions, Site };

/** How long a proof serves for changing factors, milliseconds. */
export const proofMs = 5 * 60_000;
const draftMs = 15 * 60_000;
const mostPasskeys = 20;

export function createFactors(options: {
  readonly store: FactorStore;
  readonly identities: Pick<IdentityStore, "subject">;
  readonly secrets: FactorSecrets;
  readonly codeKey: KeyObject;
  readonly passkeys: Passkeys;
  /** Resolves when what was taken back no longer counts here. */
  readonly settled: () => Promise<void>;
  readonly now: () => number;
}): Factors {
  const { store, secrets, passkeys, now } = options;

  const mintCodes = (subject: SubjectId): { readonly codes: readonly string[]; readonly hashes: readonly Buffer[] } => {
    const codes = Array.from({ length: recoveryCodeCount }, mintRecoveryCode);
    return { codes, hashes: codes.map((code) => hashRecoveryCode(options.codeKey, subject, code)) };
  };

  async function obligation(subject: SubjectId): Promise<Obligation> {
    const stored = await options.identities.subject({ id: subject });
    return stored === null ? { required: false } : obligationOf(await store.policy(), stored);
  }

  function onlyPeople(subject: Subject): void {
    if (subject.kind !== "person") throw new HoopError("invalid", "only people have second factors");
  }

  return {
    async view(subject) {
      const [summary, owed] = await Promise.all([store.summary(subject), obligation(subject)]);
      return {
        ...summary,
        obligation: owed,
        fewCodes: summary.factors.length > 0 && summary.codesLeft <= fewCodes,
      };
    },

    async requireFresh({ subject, login }) {
      const [proof, { factors }] = await Promise.all([store.loginProof(login), store.summary(subject.id)]);
      if (proof !== null && proof.ageMs <= proofMs && (proof.by === "factor" || factors.length === 0)) return;
      throw new HoopError(
        "precondition-failed",
        factors.length === 0 ? "say your password first" : "answer one of your second factors first",
        { hint: "proofs are good for five minutes: POST /api/v1/me/step-up" },
      );
    },

    async proveByPassword({ subject, login }, check) {
      const { factors } = await store.summary(subject.id);
      if (factors.length > 0)
        throw new HoopError("precondition-failed", "answer one of your second factors instead", { hint: "hoop mfa" });
      const proved = await check(subject.name);
      if (proved.id !== subject.id) throw new HoopError("unauthenticated", "the user or the password is wrong");
      await store.proveLogin(login, "password");
    },

    async beginTotp(subject) {
      onlyPeople(subject);
      const id = randomUUID();
      const expires = new Date(now() + draftMs);
      // The row comes before the secret, so that a secret without a row is nobody's.
      const { replaced } = await store.draftTotp(subject.id, id, expires);
      if (replaced !== null) await secrets.delete(replaced);
      const secret = mintTotpSecret();
      await secrets.put(id, secret);
      return { id, secret, uri: totpUri(secret, subject.name), expires };
    },

    async confirmTotp(subject, id, code) {
      const gone = () =>
        new HoopError("not-found", "this authenticator is not being set up, or it took too long", {
          hint: "begin anew",
        });
      if (!(await store.totpDraft(subject.id, id))) throw gone();
      const secret = await secrets.get(id);
      if (secret === null) throw gone();
      const step = totpStep(secret, code.replaceAll(/\s/g, ""), now());
      if (step === null)
        throw new HoopError("unauthenticated", "the code is wrong", {
          hint: "is the clock of your telephone right? Type the six digits that it shows now",
        });
      const { codes, hashes } = mintCodes(subject.id);
      const kept = await store.confirmTotp(subject.id, id, step, hashes);
      if (kept === null) throw gone();
      return { factor: { id, kind: "totp", name: totpName }, recoveryCodes: kept.codesKept ? codes : null };
    },

    async passkeyOptions(subject, bound, site) {
      onlyPeople(subject);
      return passkeys.registrationOptions(subject, bound, site);
    },

    async addPasskey(subject, bound, typed, answer) {
      const name = factorName(typed);
      const draft = await passkeys.registered(subject, bound, answer);
      const { codes, hashes } = mintCodes(subject.id);
      const { codesKept } = await store.addPasskey({ ...draft, name }, hashes, mostPasskeys);
      return { factor: { id: draft.id, kind: "passkey", name }, recoveryCodes: codesKept ? codes : null };
    },

    async rename(subject, id, typed) {
      const renamed = await store.rename(subject, id, factorName(typed));
      if (renamed === null) throw new HoopError("not-found", "you have no such factor");
      return renamed;
    },

    async remove(subject, id) {
      const removed = await store.remove(subject.id, id, (await obligation(subject.id)).required);
      if (removed === null) throw new HoopError("not-found", "you have no such factor");
      if (removed === "kept")
        throw new HoopError("conflict", "this is your last second factor, and you must have one", {
          hint: "add another one first",
        });
      if (removed.kind === "totp") await secrets.delete(removed.id);
      return removed;
    },

    async newRecoveryCodes(subject) {
      const { factors } = await store.summary(subject);
      if (factors.length === 0)
        throw new HoopError("precondition-failed", "recovery codes stand in for a second factor, and you have none", {
          hint: "add an authenticator or a passkey first",
        });
      const { codes, hashes } = mintCodes(subject);
      await store.replaceCodes(subject, hashes);
      return codes;
    },

    async reset(subject) {
      const removed = await store.reset(subject);
      for (const factor of removed) if (factor.kind === "totp") await secrets.delete(factor.id);
      await options.settled();
      return removed;
    },

    policy: () => store.policy(),
    async setPolicy(policy) {
      if (policy.mode === "optional") return store.setPolicy({ mode: "optional", groups: [], graceMs: 0 });
      return store.setPolicy({ ...policy, groups: [...new Set(policy.groups)].sort() });
    },

    async sweep() {
      await store.sweep();
      const sealed = await secrets.list();
      const needed = await store.totpIds();
      for (const id of sealed) if (!needed.has(id)) await secrets.delete(id);
    },
  };
}

const totpName = "Authenticator";

/** What people call a factor: one line without anything that moves a cursor. */
function factorName(typed: string): string {
  const name = typed
    .normalize("NFC")
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, " ")
    .trim()
    .replaceAll(/\s+/g, " ");
  if (name === "" || [...name].length > 60) throw new HoopError("invalid", "a name of a factor has 1 to 60 characters");
  return name;
}
