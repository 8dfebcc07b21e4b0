import { randomUUID } from "node:crypto";
import { HoopError, type Subject, type SubjectId } from "../vocabulary/index.js";
import { nameFrom } from "./names.js";
import type { Passwords } from "./passwords.js";
import { createSlowDown, type SlowDown } from "./slow-down.js";
import type { IdentityStore, LoginDraft, StoredLogin, StoredSubject, TokenDraft } from "./store.js";
import { addressBlock, createThrottle } from "./throttle.js";
import { hashToken, type MintedToken, mintToken } from "./token.js";
import { subjectFrom } from "./token-authenticator.js";

/** What a program that signed in is given. Shown once. */
export interface TokenPair {
  readonly accessToken: string;
  readonly accessExpires: Date;
  readonly refreshToken: string;
  readonly refreshExpires: Date;
  readonly login: string;
  readonly subject: Subject;
}

export interface BrowserLogin {
  readonly token: string;
  readonly expires: Date;
  readonly login: string;
  readonly subject: Subject;
}

export interface Lifetimes {
  /** Milliseconds. */
  readonly accessMs: number;
  /** Unused that long, a login ends. */
  readonly refreshMs: number;
  /** However often renewed, it ends then. */
  readonly loginMs: number;
  readonly browserMs: number;
}

/** Who asks, as far as the connection tells. */
export interface Asker {
  readonly client: string;
  readonly address: string;
}

/** How sure a login is of whose it is. */
export type Assurance = Pick<LoginDraft, "provedBy" | "withFactor">;

/** A password alone. */
export const passwordOnly: Assurance = { provedBy: "password", withFactor: false };
/** A password and a second factor, or a passkey. */
export const withFactor: Assurance = { provedBy: "factor", withFactor: true };

export interface Logins {
  /**
   * The first half of signing in. Throws HoopError `unauthenticated`: user or password is wrong, never which; `limited`: too many
   * failures. Failures count for an account and a network together; past many of an account from everywhere, networks that
   * it never signed in from take turns, and known ones go on as ever.
   */
  checkPassword(name: string, password: string, address: string): Promise<Subject>;
  issue(subject: SubjectId, asker: Asker, assurance: Assurance): Promise<TokenPair>;
  issueBrowser(subject: SubjectId, asker: Asker, assurance: Assurance): Promise<BrowserLogin>;
  /** A pair for a refresh token, which is used up. Used twice, the whole login ends: one of the two holds a copy. */
  refresh(refreshToken: string): Promise<TokenPair>;
  list(subject: SubjectId): Promise<readonly StoredLogin[]>;
  end(login: string, subject: SubjectId, because: string): Promise<boolean>;
}

const wrong = () => new HoopError("unauthenticated", "the user or the password is wrong");

export function createLogins(options: {
  readonly store: IdentityStore;
  readonly passwords: Passwords;
  readonly lifetimes: Lifetimes;
  /** Whether they may no longer go on without a second factor. */
  readonly owesFactor: (subject: StoredSubject) => Promise<boolean>;
  readonly now: () => number;
  readonly slowDown?: SlowDown | undefined;
}): Logins {
  const { store, passwords, lifetimes, now } = options;
  const slowDown = options.slowDown ?? createSlowDown();
  const perName = createThrottle({ free: 5 });
  const perAddress = createThrottle({ free: 30 });

  function pair(
    subject: StoredSubject,
    login: string,
    access: MintedToken,
    refresh: MintedToken,
    drafts: readonly TokenDraft[],
  ): TokenPair {
    return {
      accessToken: access.text,
      accessExpires: drafts[0]!.expiresAt,
      refreshToken: refresh.text,
      refreshExpires: drafts[1]!.expiresAt,
      login,
      subject: subjectFrom(subject),
    };
  }

  function drafts(access: MintedToken, refresh: MintedToken, loginExpiresAt: Date): readonly TokenDraft[] {
    const until = (ms: number) => new Date(Math.min(now() + ms, loginExpiresAt.getTime()));
    return [
      { hash: access.hash, kind: "access", expiresAt: until(lifetimes.accessMs) },
      { hash: refresh.hash, kind: "refresh", expiresAt: until(lifetimes.refreshMs) },
    ];
  }

  async function present(id: SubjectId): Promise<StoredSubject> {
    const subject = await store.subject({ id });
    if (subject === null || subject.disabled)
      throw new HoopError("unauthenticated", "this user is disabled or removed");
    return subject;
  }

  /** Only who proved who they are makes a network known: what others approve may be anywhere. */
  async function remember(id: SubjectId, asker: Asker, { provedBy }: Assurance): Promise<void> {
    if (provedBy !== null) await store.rememberNetwork(id, addressBlock(asker.address));
  }

  async function mayGoOn(hash: Buffer): Promise<void> {
    const found = await store.token(hash);
    if (found === null || found.loginWithFactor || !(await options.owesFactor(found.subject))) return;
    throw new HoopError("unauthenticated", "you must sign in with a second factor now", { hint: "hoop login" });
  }

  return {
    async checkPassword(typed, password, address) {
      const name = loginName(typed);
      const block = addressBlock(address);
      const key = `${block} ${name.slice(0, 64)}`;
      perName.check(key);
      perAddress.check(block);
      // Counted before the answer is known: guesses sent side by side count as well.
      perName.failed(key);
      perAddress.failed(block);
      const known = await store.knowsNetwork(name, block);
      if (!known) {
        await slowDown.enter(name, block);
        slowDown.failed(name);
      }
      const subject = await store.subject({ name });
      const usable = subject !== null && subject.kind === "person" ? subject.passwordHash : null;
      const right = await passwords.verify(usable, password.slice(0, 4_096));
      if (subject === null || !right) throw wrong();
      if (subject.disabled) throw new HoopError("unauthenticated", "this user is disabled", { hint: "ask an admin" });
      perName.succeeded(key);
      if (!known) slowDown.forgiven(name);
      // Not forgotten: an own account must not buy a guesser a fresh start on others'.
      perAddress.forgiven(block);
      return subjectFrom(subject);
    },

    async issue(id, asker, assurance) {
      const subject = await present(id);
      const login = randomUUID();
      const [access, refresh] = [mintToken("access"), mintToken("refresh")];
      const expiresAt = new Date(now() + lifetimes.loginMs);
      const tokens = drafts(access, refresh, expiresAt);
      await store.createLogin(
        { id: login, subject: id, kind: "token", ...clipped(asker), expiresAt, ...assurance },
        tokens,
      );
      await remember(id, asker, assurance);
      return pair(subject, login, access, refresh, tokens);
    },

    async issueBrowser(id, asker, assurance) {
      const subject = await present(id);
      const login = randomUUID();
      const token = mintToken("browser");
      const expiresAt = new Date(now() + lifetimes.browserMs);
      await store.createLogin({ id: login, subject: id, kind: "browser", ...clipped(asker), expiresAt, ...assurance }, [
        { hash: token.hash, kind: "browser", expiresAt },
      ]);
      await remember(id, asker, assurance);
      return { token: token.text, expires: expiresAt, login, subject: subjectFrom(subject) };
    },

    async refresh(refreshToken) {
      const hash = hashToken(refreshToken, "refresh");
      const [access, refresh] = [mintToken("access"), mintToken("refresh")];
      let tokens: readonly TokenDraft[] = [];
      if (hash !== null) await mayGoOn(hash);
      const result =
        hash === null
          ? ({ outcome: "refused" } as const)
          : await store.rotate(hash, (token) => {
              tokens = drafts(access, refresh, token.loginExpiresAt);
              return tokens;
            });
      if (result.outcome === "rotated") return pair(result.token.subject, result.token.login, access, refresh, tokens);
      if (result.outcome === "reused") {
        throw new HoopError("unauthenticated", "this login was renewed twice with one token, so it was ended", {
          hint: "hoop login; if it was not you, tell an admin",
        });
      }
      throw new HoopError("unauthenticated", "this login is over", { hint: "hoop login" });
    },

    list: (subject) => store.logins(subject),
    end: (login, subject, because) => store.endLogin(login, subject, because),
  };
}

/** What cannot be a name is nobody's: it goes the same way as an unknown one. */
function loginName(typed: string): string {
  try {
    return nameFrom(typed, "user");
  } catch {
    return "?";
  }
}

/** What may be kept of it. */
export function clipped(asker: Asker): Asker {
  const clean = (text: string) => text.replaceAll(/[\p{C}]/gu, " ").slice(0, 120);
  return { client: clean(asker.client), address: clean(asker.address) };
}
