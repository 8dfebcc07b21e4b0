import type { KeyObject } from "node:crypto";
import { HoopError, type SubjectId } from "../../vocabulary/index.js";
import type { Guesses } from "./guesses.js";
import type { PasskeyAnswer, Passkeys } from "./passkeys.js";
import { hashRecoveryCode, recoveryCodeFrom } from "./recovery-codes.js";
import type { Ceremony, FactorSecrets, FactorStore } from "./store.js";
import { totpStep } from "./totp.js";

/** What a person answers with: six digits or a recovery code, or a passkey. */
export type FactorAnswer = { readonly code: string } | { readonly passkey: PasskeyAnswer };

/** What proved it. */
export interface Proof {
  readonly with: "totp" | "recovery-code" | "passkey";
  /** After a recovery code: how many are left. */
  readonly codesLeft: number | null;
}

export interface Question {
  readonly subject: SubjectId;
  readonly purpose: Extract<Ceremony["purpose"], "factor" | "step-up">;
  /** As it was when the options for the passkey were made. */
  readonly bound: string;
  readonly address: string;
}

/** Judges answers of second factors. */
export interface Proofs {
  /** Throws HoopError `unauthenticated`, alike for every wrong, used and unknown code; `limited`. */
  check(question: Question, answer: FactorAnswer): Promise<Proof>;
}

export function createProofs(options: {
  readonly store: FactorStore;
  readonly secrets: FactorSecrets;
  readonly codeKey: KeyObject;
  readonly passkeys: Passkeys;
  readonly guesses: Guesses;
  readonly knowsNetwork: (subject: SubjectId, address: string) => Promise<boolean>;
  readonly now: () => number;
}): Proofs {
  const { store, secrets, passkeys, guesses, now } = options;

  async function useTotp(subject: SubjectId, code: string): Promise<Proof | null> {
    const totp = await store.totp(subject);
    const secret = totp === null ? null : await secrets.get(totp.id);
    if (totp === null || secret === null) return null;
    const step = totpStep(secret, code, now());
    // Of two requests with one code, and of a code and its repetition, the store lets one through.
    if (step === null || step <= totp.lastStep || !(await store.useTotpStep(subject, totp.id, step))) return null;
    return { with: "totp", codesLeft: null };
  }

  async function useRecoveryCode(subject: SubjectId, code: string): Promise<Proof | null> {
    const left = await store.useCode(subject, hashRecoveryCode(options.codeKey, subject, code));
    return left === null ? null : { with: "recovery-code", codesLeft: left };
  }

  return {
    async check({ subject, purpose, bound, address }, answer) {
      if ("passkey" in answer) {
        await passkeys.authenticated(purpose, subject, bound, answer.passkey);
        return { with: "passkey", codesLeft: null };
      }
      const guess = await guesses.begin(subject, address, await options.knowsNetwork(subject, address));
      const typed = answer.code.replaceAll(/\s/g, "");
      const recovery = recoveryCodeFrom(typed);
      const proof = /^\d{6}$/.test(typed)
        ? await useTotp(subject, typed)
        : recovery === null
          ? null
          : await useRecoveryCode(subject, recovery);
      if (proof === null)
        throw new HoopError("unauthenticated", "the code is wrong or was used before", {
          hint: "each code is good once: wait for the next one, or use another factor",
        });
      await guess.right();
      return proof;
    },
  };
}
