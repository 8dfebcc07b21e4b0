import { randomUUID } from "node:crypto";
import { HoopError, type Subject, type SubjectId } from "../vocabulary/index.js";
import { nameFrom } from "./names.js";
import type { Passwords } from "./passwords.js";
import type { IdentityStore, StoredLogin, StoredSubject, TokenDraft } from "./store.js";
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

export interface Logins {
  /** Throws HoopError `unauthenticated`: user or password is wrong, never which; `limited`: too many failures. */
  checkPassword(name: string, password: string, address: string): Promise<Subject>;
  issue(subject: SubjectId, asker: Asker): Promise<TokenPair>;
  issueBrowser(subject: SubjectId, asker: Asker): Promise<BrowserLogin>;
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
  readonly now: () => number;
}): Logins {
  const { store, passwords, lifetimes, now } = options;
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
      const subject = await store.subject({ name });
      const usable = subject !== null && subject.kind === "person" ? subject.passwordHash : null;
      const right = await passwords.verify(usable, password.slice(0, 4_096));
      if (subject === null || !right) throw wrong();
      if (subject.disabled) throw new HoopError("unauthenticated", "this user is disabled", { hint: "ask an admin" });
      perName.succeeded(key);
      // Not forgotten: an own account must not buy a guesser a fresh start on others'.
      perAddress.forgiven(block);
      return subjectFrom(subject);
    },

    async issue(id, asker) {
      const subject = await present(id);
      const login = randomUUID();
      const [access, refresh] = [mintToken("access"), mintToken("refresh")];
      const expiresAt = new Date(now() + lifetimes.loginMs);
      const tokens = drafts(access, refresh, expiresAt);
      await store.createLogin({ id: login, subject: id, kind: "token", ...clipped(asker), expiresAt }, tokens);
      return pair(subject, login, access, refresh, tokens);
    },

    async issueBrowser(id, asker) {
      const subject = await present(id);
      const login = randomUUID();
      const token = mintToken("browser");
      const expiresAt = new Date(now() + lifetimes.browserMs);
      await store.createLogin({ id: login, subject: id, kind: "browser", ...clipped(asker), expiresAt }, [
        { hash: token.hash, kind: "browser", expiresAt },
      ]);
      return { token: token.text, expires: expiresAt, login, subject: subjectFrom(subject) };
    },

    async refresh(refreshToken) {
      const hash = hashToken(refreshToken, "refresh");
      const [access, refresh] = [mintToken("access"), mintToken("refresh")];
      let tokens: readonly TokenDraft[] = [];
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

function clipped(asker: Asker): Asker {
  const clean = (text: string) => text.replaceAll(/[\p{C}]/gu, " ").slice(0, 120);
  return { client: clean(asker.client), address: clean(asker.address) };
}
