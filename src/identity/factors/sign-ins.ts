import { HoopError, type Subject, type SubjectId } from "../../vocabulary/index.js";
import { type Asker, clipped, throughProvider } from "../logins.js";
import type { IdentityStore, LoginProvider, StoredSubject } from "../store.js";
import { hashToken, mintToken } from "../token.js";
import { subjectFrom } from "../token-authenticator.js";
import { obligationOf } from "./enrolment.js";
import type { Enrolled, Factors, TotpOffer } from "./factors.js";
import type { AuthenticationOptions, PasskeyAnswer, Passkeys, RegistrationOptions, Site } from "./passkeys.js";
import type { FactorAnswer, Proof, Proofs } from "./proofs.js";
import type { FactorStore, PendingSignIn } from "./store.js";

export type SignInMethod = "totp" | "passkey" | "recovery-code";

/** What comes after a right password. */
export type SignInStep =
  | { readonly state: "done" }
  | {
      readonly state: "factor";
      readonly pending: string;
      readonly expires: Date;
      readonly methods: readonly SignInMethod[];
    }
  /** A second factor must be made before anything else. */
  | { readonly state: "enrol"; readonly pending: string; readonly expires: Date };

/** Who came through, and what they are to be given. */
export interface SignedIn {
  readonly subject: Subject;
  readonly as: PendingSignIn["as"];
  /** What the login is to rest on. */
  readonly provider?: LoginProvider | undefined;
}

/** Signing in from the right password to the end, and by passkey alone. Nothing here gives out a login; the caller does. */
export interface SignIns {
  /** After a right password, or a provider's word; `provider`: what the login is to rest on. */
  next(subject: Subject, as: PendingSignIn["as"], asker: Asker, provider?: LoginProvider): Promise<SignInStep>;
  /** The step that waits under this name, for a page that was only just opened. Throws HoopError `unauthenticated`: it is over. */
  resume(pending: string): Promise<SignInStep>;
  passkeyOptions(pending: string, site: Site): Promise<AuthenticationOptions>;
  /** Throws HoopError `unauthenticated`: wrong, or begin anew with the password. */
  answer(pending: string, answer: FactorAnswer, address: string): Promise<SignedIn & { readonly proof: Proof }>;
  /** Whose sign-in waits under this name, for the record. */
  whose(pending: string): Promise<Subject | null>;
  /** A right password and code in one go, for a page without a script. */
  answerAtOnce(subject: Subject, code: string | null, address: string): Promise<Proof | null>;

  beginTotp(pending: string): Promise<TotpOffer>;
  passkeyEnrolmentOptions(pending: string, site: Site): Promise<RegistrationOptions>;
  enrol(
    pending: string,
    answer:
      | { readonly totp: string; readonly code: string }
      | { readonly name: string; readonly passkey: PasskeyAnswer },
  ): Promise<SignedIn & { readonly enrolled: Enrolled }>;

  /** Alike whoever asks, for nobody has said yet who they are. */
  anonymousOptions(site: Site): Promise<AuthenticationOptions>;
  /** Not slowed down: a key of 256 bits is not guessed, and so nobody keeps its owner out. */
  byPasskey(answer: PasskeyAnswer): Promise<Subject>;
}

const lifeMs = 10 * 60_000;
const mostTries = 5;

const over = () =>
  new HoopError("unauthenticated", "this sign-in is over", { hint: "begin again with your name and password" });

export function createSignIns(options: {
  readonly store: FactorStore;
  readonly identities: Pick<IdentityStore, "subject">;
  readonly factors: Factors;
  readonly passkeys: Passkeys;
  readonly proofs: Proofs;
  readonly now: () => number;
  /** Whether this user may come in without a provider; absent: everybody may. */
  readonly mayEnterAlone?: ((subject: StoredSubject) => Promise<boolean>) | undefined;
}): SignIns {
  const { store, factors, passkeys, proofs, now } = options;

  async function present(id: SubjectId): Promise<Subject> {
    const stored = await options.identities.subject({ id });
    if (stored === null || stored.disabled) throw over();
    return subjectFrom(stored);
  }

  async function open(
    text: string,
    enrol: boolean,
  ): Promise<{ readonly pending: PendingSignIn; readonly hash: Buffer }> {
    const hash = hashToken(text, "pending");
    const pending = hash === null ? null : await store.pending(hash);
    if (hash === null || pending === null || pending.enrol !== enrol) throw over();
    return { pending, hash };
  }

  async function methodsOf(subject: SubjectId): Promise<{ must: boolean; methods: readonly SignInMethod[] }> {
    const { factors: all, codesLeft } = await store.summary(subject);
    const methods: SignInMethod[] = [];
    for (const kind of ["totp", "passkey"] as const) if (all.some((factor) => factor.kind === kind)) methods.push(kind);
    if (codesLeft > 0 && methods.length > 0) methods.push("recovery-code");
    return { must: all.length > 0, methods };
  }

  async function mustEnrol(subject: SubjectId): Promise<boolean> {
    const stored = await options.identities.subject({ id: subject });
    if (stored === null) return false;
    const owed = obligationOf(await store.policy(), stored);
    return owed.required && owed.deadline.getTime() <= now();
  }

  async function keep(
    subject: Subject,
    pending: Pick<PendingSignIn, "as" | "enrol" | "provider">,
    asker: Asker,
  ): Promise<{ readonly pending: string; readonly expires: Date }> {
    const token = mintToken("pending");
    const expires = new Date(now() + lifeMs);
    await store.keepPending(token.hash, { subject: subject.id, ...pending, ...clipped(asker) }, expires);
    return { pending: token.text, expires };
  }

  async function take(hash: Buffer, { subject, as, provider }: PendingSignIn): Promise<SignedIn> {
    if (!(await store.takePending(hash))) throw over();
    return { subject: await present(subject), as, ...(provider === undefined ? {} : { provider }) };
  }

  return {
    async next(subject, as, asker, provider) {
      const { must, methods } = await methodsOf(subject.id);
      if (must) return { state: "factor", ...(await keep(subject, { as, enrol: false, provider }, asker)), methods };
      if (await mustEnrol(subject.id))
        return { state: "enrol", ...(await keep(subject, { as, enrol: true, provider }, asker)) };
      return { state: "done" };
    },

    async resume(text) {
      const hash = hashToken(text, "pending");
      const pending = hash === null ? null : await store.pending(hash);
      if (pending === null) throw over();
      const kept = { pending: text, expires: pending.expiresAt ?? new Date(now()) };
      if (pending.enrol) return { state: "enrol", ...kept };
      return { state: "factor", ...kept, methods: (await methodsOf(pending.subject)).methods };
    },

    async passkeyOptions(text, site) {
      const { pending, hash } = await open(text, false);
      return passkeys.authenticationOptions("factor", pending.subject, boundTo(hash), site);
    },

    async answer(text, answer, address) {
      const hash = hashToken(text, "pending");
      const pending = hash === null ? null : await store.tryPending(hash, mostTries);
      if (hash === null || pending === null || pending.enrol) throw over();
      const question = { subject: pending.subject, purpose: "factor" as const, bound: boundTo(hash), address };
      const proof = await proofs.check(question, answer);
      const signedIn = await take(hash, pending);
      await store.answered(pending.subject, null, null);
      return { ...signedIn, proof };
    },

    async whose(text) {
      const hash = hashToken(text, "pending");
      const pending = hash === null ? null : await store.pending(hash);
      const stored = pending === null ? null : await options.identities.subject({ id: pending.subject });
      return stored === null ? null : subjectFrom(stored);
    },

    async answerAtOnce(subject, code, address) {
      const { must } = await methodsOf(subject.id);
      if (!must) {
        if (await mustEnrol(subject.id))
          throw new HoopError("precondition-failed", "you must set up a second factor before you sign in", {
            hint: "hoop login --user NAME does that in the terminal",
          });
        return null;
      }
      if (code === null || code === "")
        throw new HoopError("precondition-failed", "type a code of your second factor as well", {
          hint: "from your authenticator, or a recovery code; passkeys need the console",
        });
      return proofs.check({ subject: subject.id, purpose: "factor", bound: "at once", address }, { code });
    },

    async beginTotp(text) {
      const { pending } = await open(text, true);
      return factors.beginTotp(await present(pending.subject));
    },

    async passkeyEnrolmentOptions(text, site) {
      const { pending, hash } = await open(text, true);
      return factors.passkeyOptions(await present(pending.subject), boundTo(hash), site);
    },

    async enrol(text, answer) {
      const { pending, hash } = await open(text, true);
      const subject = await present(pending.subject);
      // Somebody with the same password was faster: theirs is asked for, none is added beside it.
      if ((await methodsOf(subject.id)).must) throw over();
      const enrolled =
        "totp" in answer
          ? await factors.confirmTotp(subject, answer.totp, answer.code)
          : await factors.addPasskey(subject, boundTo(hash), answer.name, answer.passkey);
      return { ...(await take(hash, pending)), enrolled };
    },

    anonymousOptions: (site) => passkeys.authenticationOptions("sign-in", null, "", site),

    async byPasskey(answer) {
      const { subject } = await passkeys.authenticated("sign-in", null, "", answer);
      const stored = await options.identities.subject({ id: subject });
      if (stored === null) throw over();
      if (stored.disabled) throw new HoopError("unauthenticated", "this user is disabled", { hint: "ask an admin" });
      if (options.mayEnterAlone !== undefined && !(await options.mayEnterAlone(stored))) throw throughProvider();
      await store.answered(subject, null, null);
      return subjectFrom(stored);
    },
  };
}

function boundTo(hash: Buffer): string {
  return `pending ${hash.toString("base64url")}`;
}
