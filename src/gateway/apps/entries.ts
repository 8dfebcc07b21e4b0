import { randomBytes } from "node:crypto";

/** A browser that was let into one connection's own origin. */
export interface AppSession {
  /** The console's own token of that browser: what ends it ends this. */
  readonly token: string;
  readonly connection: string;
  readonly expires: number;
}

const codeMs = 30_000;
const maxCodes = 10_000;
const maxSessions = 50_000;

interface Code extends AppSession {
  /** What the origin put into the browser before it sent it to the console: a code works in that browser only. */
  readonly state: string;
}

/** One-time codes from the console's origin to a connection's, and what they were exchanged for. Of this replica alone. */
export class Entries {
  readonly #codes = new Map<string, Code>();
  readonly #sessions = new Map<string, AppSession>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(session: AppSession, state: string): string {
    const code = randomBytes(32).toString("base64url");
    put(this.#codes, code, { ...session, state }, maxCodes);
    setTimeout(() => this.#codes.delete(code), codeMs).unref();
    return code;
  }

  /** Null: it was used, is too old, is for another connection or another browser. */
  redeem(
    code: string,
    state: string,
    connection: string,
  ): { readonly id: string; readonly session: AppSession } | null {
    const found = this.#codes.get(code);
    this.#codes.delete(code);
    if (!found || found.state !== state || found.connection !== connection) return null;
    const id = randomBytes(32).toString("base64url");
    const session = { token: found.token, connection, expires: found.expires };
    put(this.#sessions, id, session, maxSessions);
    return { id, session };
  }

  find(id: string, connection: string): AppSession | null {
    const found = this.#sessions.get(id);
    if (!found || found.connection !== connection) return null;
    if (found.expires > this.#now()) return found;
    this.#sessions.delete(id);
    return null;
  }

  end(id: string): void {
    this.#sessions.delete(id);
  }
}

function put<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  if (map.size >= most) map.delete(map.keys().next().value!);
  map.set(key, value);
}
