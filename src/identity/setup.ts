import { randomUUID } from "node:crypto";
import { HoopError, type Subject, subjectId } from "../vocabulary/index.js";
import { type Attempts, createLocalAttempts } from "./attempts.js";
import { checkPassword, nameFrom } from "./names.js";
import type { Passwords } from "./passwords.js";
import type { IdentityStore } from "./store.js";
import { addressBlock } from "./throttle.js";
import { hashToken, mintToken } from "./token.js";
import { subjectFrom } from "./token-authenticator.js";

export interface FirstAdmin {
  readonly name: string;
  readonly password: string;
  readonly email?: string | undefined;
}

/** The first admin. */
export interface Setup {
  needed(): Promise<boolean>;
  /** A setup token to print, good once and for a day; null: there is an admin. */
  offer(): Promise<{ readonly token: string; readonly expires: Date } | null>;
  /** Throws HoopError `unauthenticated`, `conflict`, `invalid`. */
  complete(token: string, admin: FirstAdmin, address: string): Promise<Subject>;
  /** By configuration, without a token; null: there is an admin already, nothing was done. */
  seed(admin: FirstAdmin): Promise<Subject | null>;
}

const lifeMs = 24 * 3_600_000;

export function createSetup({
  store,
  passwords,
  now,
  byRule = false,
  attempts = createLocalAttempts(),
}: {
  store: IdentityStore;
  passwords: Passwords;
  now: () => number;
  /** The first admin comes by a sign-in that a rule names: there is no other door. */
  byRule?: boolean;
  attempts?: Attempts;
}): Setup {
  async function create(token: Buffer | null, admin: FirstAdmin): Promise<Subject> {
    const name = nameFrom(admin.name, "user");
    checkPassword(admin.password, name);
    const passwordHash = await passwords.hash(admin.password);
    return subjectFrom(
      await store.setUp(token, { id: subjectId(randomUUID()), name, email: admin.email ?? null, passwordHash }),
    );
  }

  return {
    needed: async () => !byRule && !(await store.hasAdmin()),
    async offer() {
      if (byRule || (await store.hasAdmin())) return null;
      const token = mintToken("setup");
      const expires = new Date(now() + lifeMs);
      await store.addSetupToken(token.hash, expires);
      return { token: token.text, expires };
    },
    async complete(token, admin, address) {
      if (byRule)
        throw new HoopError("conflict", "the first admin of this gateway comes by signing in at a provider", {
          hint: "HOOP_ADMIN_RULE says who",
        });
      const key = `setup ${addressBlock(address)}`;
      await attempts.begin([{ key, free: 10 }]);
      const hash = hashToken(token.trim(), "setup");
      if (hash === null)
        throw new HoopError("unauthenticated", "this is not a setup token", {
          hint: "the gateway prints it at its first start",
        });
      const subject = await create(hash, admin);
      await attempts.settle([{ key, as: "succeeded" }]);
      return subject;
    },
    async seed(admin) {
      if (await store.hasAdmin()) return null;
      try {
        return await create(null, admin);
      } catch (error) {
        // Another replica was faster.
        if (error instanceof HoopError && error.code === "conflict") return null;
        throw error;
      }
    },
  };
}
