import { randomUUID } from "node:crypto";
import { HoopError, type Subject, type SubjectId } from "../vocabulary/index.js";
import { nameFrom } from "./names.js";
import { createPasswordGate, type PasswordGate } from "./password-gate.js";
import type { Passwords } from "./passwords.js";
import type { IdentityStore, LoginDraft, StoredLogin, StoredSubject, TokenDraft } from "./store.js";
import { addressBlock } from "./throttle.js";
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

/** How sure a login is of whose it is, and what it rests on. */
export type Assurance = Pick<LoginDraft, "provedBy" | "withFactor" | "provider">;

/** A password alone. */
export const passwordOnly: Assurance = { provedBy: "password", withFactor: false };
/** A password and a second factor, or a passkey. */
export const withFactor: Assurance = { provedBy: "factor", withFactor: true };

export interface Logins {
  /**
   * The first half of signing in. Throws HoopError `unauthenticated`: user or password is wrong, never which; `limited`: too many
   * failures, as `PasswordGate` counts them.
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

/** To somebody who has proved who they are, by something that is not enough here. */
export const throughProvider = (): HoopError =>
  new HoopError(
    "unauthenticated",
    "you sign in through your provider here, not by a password or passkey of Hoop's own",
    {
      hint: "use its button on the sign-in page",
    },
  );

export function createLogins(options: {
  readonly store: IdentityStore;
  readonly passwords: Passwords;
  readonly lifetimes: Lifetimes;
  /** Whether they may no longer go on without a second factor. */
  readonly owesFactor: (subject: StoredSubject) => Promise<boolean>;
  readonly now: () => number;
  readonly gate?: PasswordGate | undefined;
  /** Whether this user may come in without a provider; absent: everybody may. */
  readonly mayEnterAlone?: ((subject: StoredSubject) => Promise<boolean>) | undefined;
  /** Before a login is renewed: throws HoopError `unauthenticated` when what it rests on does not hold any more. */
  readonly beforeRenewal?: ((login: string) => Promise<void>) | undefined;
}): Logins {
  const { store, passwords, lifetimes, now } = options;
  const gate = options.gate ?? createPasswordGate();

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

  /** No login lasts longer than what it rests on. */
  function endOf(lifeMs: number, { provider }: Assurance): Date {
    return new Date(Math.min(now() + lifeMs, provider?.until?.getTime() ?? Number.POSITIVE_INFINITY));
  }

  async function mayGoOn(hash: Buffer): Promise<void> {
    const found = await store.token(hash);
    if (found !== null && !found.loginEnded && found.kind === "refresh") await options.beforeRenewal?.(found.login);
    if (found === null || found.loginWithFactor || !(await options.owesFactor(found.subject))) return;
    throw new HoopError("unauthenticated", "you must sign in with a second factor now", { hint: "hoop login" });
  }

  return {
    async checkPassword(typed, password, address) {
      const name = loginName(typed);
      const attempt = { account: name, address, knows: (network: string) => store.knowsNetwork(name, network) };
      const subject = await gate.pass(attempt, async () => {
        const found = await store.subject({ name });
        const usable = found !== null && found.kind === "person" ? found.passwordHash : null;
        return (await passwords.verify(usable, password.slice(0, 4_096))) ? found : null;
      });
      if (subject === null) throw wrong();
      if (subject.disabled) throw new HoopError("unauthenticated", "this user is disabled", { hint: "ask an admin" });
      if (options.mayEnterAlone !== undefined && !(await options.mayEnterAlone(subject))) throw throughProvider();
      return subjectFrom(subject);
    },

    async issue(id, asker, assurance) {
      const subject = await present(id);
      const login = randomUUID();
      const [access, refresh] = [mintToken("access"), mintToken("refresh")];
      const expiresAt = endOf(lifetimes.loginMs, assurance);
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
      const expiresAt = endOf(lifetimes.browserMs, assurance);
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
      throw new HoopError(
        "unauthenticated",
        `this login is over${result.because === undefined ? "" : `: ${result.because}`}`,
        { hint: "hoop login" },
      );
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
