import { HoopError, hoopErrorFrom } from "../../vocabulary/index.js";
import { nextIn } from "./arrivals.js";
import { briefly } from "./briefly.js";
import type { LiveProvider, Providers } from "./provider-list.js";
import type { Admitted, ProviderSecrets, ProviderSession, ProviderStore } from "./store.js";
import { type Again, checkRequired, groupsOf } from "./vouched.js";

/** What came of asking a provider about somebody again, for the record. */
export type RefreshNote =
  | {
      readonly kind: "ended";
      readonly subject: { readonly id: string; readonly name: string };
      readonly provider: string;
      readonly because: string;
    }
  | { readonly kind: "changed"; readonly provider: string; readonly admitted: Admitted };

export interface Refresher {
  /** Asks about everybody who is due and has something open. */
  tick(): Promise<void>;
  /** Before a login is renewed. Throws HoopError `unauthenticated`: the provider refuses; an outage lets it go on. */
  beforeRenewal(login: string): Promise<void>;
  close(): void;
}

const tickMs = 5_000;
const leaseMs = 60_000;
const outageMs = 30_000;
const atOnce = 4;
const batch = 20;
/** Whoever renews a login waits no longer than this for a provider. */
const patienceMs = 5_000;
const mostLogins = 5_000;

/**
 * Asks providers about people who have lanes open, each within the interval and by one replica: the store gives the turn. A refusal ends
 * what rests on that signing in; an outage ends nothing.
 */
export function createRefresher(options: {
  readonly store: ProviderStore;
  readonly secrets: ProviderSecrets;
  readonly providers: Pick<Providers, "liveById">;
  /** Logins with something open on this replica. */
  readonly openLogins: () => Iterable<string>;
  readonly note: (note: RefreshNote) => void;
  readonly intervalMs: number;
  readonly log: { warn(fields: object, text: string): void; error(fields: object, text: string): void };
  readonly now: () => number;
}): Refresher {
  const { store, secrets, log, now } = options;
  let ticking: Promise<void> | null = null;
  const later = (ms: number) => new Date(now() + ms);

  /** Null: they may go on. Else why not. */
  async function ask(session: ProviderSession): Promise<string | null> {
    const provider = await options.providers.liveById(session.provider);
    if (provider === null) return end(session, "", "the sign-in provider is not there any more");
    const { title } = provider.settings;
    let answer: Again;
    try {
      answer = await answerOf(provider, session);
    } catch (thrown) {
      const error = hoopErrorFrom(thrown);
      log.warn(
        { why: briefly(error), provider: provider.name },
        "a provider cannot be asked about who is signed in; they go on",
      );
      await store.settle(session.id, later(outageMs * (0.5 + Math.random())));
      return null;
    }
    if (answer.state === "refused") return end(session, provider.name, `${title} lets you in no more: ${answer.why}`);
    // Before anything else: where tokens rotate, the old one is used up.
    if (answer.refreshToken !== null) await secrets.put("refresh", session.id, answer.refreshToken);
    if (answer.vouched !== null) {
      try {
        checkRequired(provider.settings, answer.vouched);
      } catch (error) {
        return end(session, provider.name, hoopErrorFrom(error).message);
      }
      const admitted = await store.renew({
        provider: session.provider,
        externalId: session.externalId,
        email: answer.vouched.email,
        groups: groupsOf(provider.settings, answer.vouched),
      });
      if (admitted === null) return end(session, provider.name, "you are linked to this provider no more");
      if (admitted.keptAdmin)
        log.warn(
          { provider: provider.name, user: admitted.subject.name },
          "a provider would have taken the last admin away; they stay one",
        );
      if (admitted.before !== null) options.note({ kind: "changed", provider: provider.name, admitted });
    }
    await store.settle(session.id, later(nextIn(options.intervalMs)));
    return null;
  }

  async function answerOf(provider: LiveProvider, session: ProviderSession): Promise<Again> {
    if (provider.kind === "ldap") return provider.ldap.again(session.externalId);
    if (provider.kind === "saml") return { state: "welcome", vouched: null, refreshToken: null };
    const token = await secrets.get("refresh", session.id);
    if (token === null) return { state: "refused", why: "there is nothing left to ask it with" };
    return provider.oidc.again(session.externalId, token);
  }

  async function end(session: ProviderSession, provider: string, because: string): Promise<string> {
    const ended = await store.endSessions({ session: session.id }, because);
    for (const id of ended.sessions) await secrets.delete("refresh", id);
    for (const subject of ended.subjects) options.note({ kind: "ended", subject, provider, because });
    return because;
  }

  async function round(): Promise<void> {
    const logins = [...new Set(options.openLogins())];
    for (let at = 0; at < logins.length; at += mostLogins) {
      for (;;) {
        const due = await store.claim(logins.slice(at, at + mostLogins), { leaseMs, limit: batch });
        await inTurns(due);
        if (due.length < batch) break;
      }
    }
  }

  async function inTurns(due: readonly ProviderSession[]): Promise<void> {
    const queue = [...due];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await ask(next).catch((error: unknown) =>
          log.error(
            { why: briefly(error) },
            "what a provider said about somebody could not be kept; it is asked again",
          ),
        );
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }

  const tick = (): Promise<void> => {
    ticking ??= round()
      .catch((error: unknown) =>
        log.warn({ why: briefly(error) }, "providers could not be asked about who is signed in"),
      )
      .finally(() => {
        ticking = null;
      });
    return ticking;
  };
  const timer = setInterval(() => void tick(), Math.min(tickMs, options.intervalMs / 4)).unref();

  return {
    tick,
    async beforeRenewal(login) {
      const [due] = await store.claim([login], { leaseMs, limit: 1 });
      if (due === undefined) return;
      let timeout: NodeJS.Timeout | undefined;
      const patience = new Promise<null>((resolve) => {
        timeout = setTimeout(() => resolve(null), patienceMs);
      });
      // What comes after the patience is over is not lost: it ends the login as it would have.
      const asked = ask(due).catch((error: unknown) => {
        log.warn({ why: briefly(error) }, "a provider could not be asked before a login was renewed");
        return null;
      });
      const refused = await Promise.race([asked, patience]);
      clearTimeout(timeout);
      if (refused !== null) throw new HoopError("unauthenticated", refused, { hint: "hoop login" });
    },
    close: () => clearInterval(timer),
  };
}
