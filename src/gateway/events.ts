import type { AgentRegistry } from "../agents/index.js";
import type { Connections } from "../connections/index.js";
import { createEvents, type Events, type RunbookRunner, webhookKey } from "../events/index.js";
import type { Identity } from "../identity/index.js";
import type { LivePolicySource } from "../policy/index.js";
import type { Feeder, Recorder } from "../recording/index.js";
import type { OpenSessions } from "../relay/open-sessions.js";
import type { Pauses } from "../relay/pauses.js";
import type { Reviews } from "../reviews/index.js";
import type { SecretVault } from "../secrets/index.js";
import { createEventStore } from "../storage/events.js";
import type { Store } from "../storage/store.js";
import { deadline, HoopError, type Subject, sessionId } from "../vocabulary/index.js";
import type { GatewayConfig } from "./config.js";
import { directAddresses } from "./dial-direct.js";
import { endSessions, pausesOf } from "./events/carry-out.js";
import { openAccessReview } from "./events/open-review.js";
import { watchedRecorder } from "./events/recorder.js";
import { revoking } from "./events/revoke.js";
import { keepPresence, type Tap, watchAgents, watchHealth } from "./events/taps.js";
import { withRestraints } from "./events/with-restraints.js";
import type { Log } from "./log.js";

export interface EventParts {
  readonly config: Pick<GatewayConfig, "HOOP_EVENTS_DAYS" | "HOOP_EVENTS_SLOW_MS" | "HOOP_DEAD_LETTERS_DAYS">;
  readonly store: Store;
  readonly vault: SecretVault;
  readonly identity: Identity;
  readonly connections: Connections;
  readonly recorder: Recorder;
  /** Null: the recorder commits to the store itself. */
  readonly feeder: Feeder | null;
  readonly replica: string;
  /** The console's address; known late. */
  readonly console: () => string;
  readonly log: Log;
}

/** Events and reactions on what the assembly has made. */
export interface StartedEvents {
  readonly events: Events;
  /** To be given to whoever records: rules hear of it at once. */
  readonly recorder: Recorder;
  readonly pauses: Pauses;
  /** The rules in force with what reactions imposed. */
  restrain(policy: LivePolicySource): LivePolicySource;
  /** What is made after the events are. */
  attach(late: {
    readonly open: OpenSessions;
    readonly reviews: Reviews;
    readonly agents: AgentRegistry;
    readonly runner: RunbookRunner | null;
    readonly notReady: () => readonly string[];
  }): void;
  readonly secrets: ReceiverSecrets;
  close(): Promise<void>;
}

/** Sealed secrets of receivers: handed in, never shown again. */
export interface ReceiverSecrets {
  put(receiver: string, secret: string): Promise<void>;
  has(receiver: string): Promise<boolean>;
  delete(receiver: string): Promise<void>;
}

const secretRef = (receiver: string) => ({ kind: "receiver", id: receiver });

export async function startEvents(parts: EventParts): Promise<StartedEvents> {
  const { config, vault, identity, connections, replica, log } = parts;
  const store = createEventStore(parts.store);
  const slowMs = config.HOOP_EVENTS_SLOW_MS;
  let open: OpenSessions | null = null;
  let reviews: Reviews | null = null;
  let runner: RunbookRunner | null = null;
  const closing: (() => unknown)[] = [];
  const taps: Tap[] = [];

  const lateReviews = (): Reviews => {
    if (reviews === null) throw new HoopError("unavailable", "the gateway is still starting");
    return reviews;
  };
  const subject = async (id: string): Promise<Subject | null> => {
    try {
      const { name, kind, email, groups, version, id: own } = await identity.users.get(id);
      return { id: own, kind, name, ...(email === null ? {} : { email }), groups, version };
    } catch (error) {
      if (error instanceof HoopError && error.code === "not-found") return null;
      throw error;
    }
  };

  const events = await createEvents({
    store,
    replica,
    lookups: { subject, connection: (name) => connections.source.byName(name) ?? null },
    actions: {
      runner: () => runner,
      secret: async (receiver) => (await vault.get(secretRef(receiver)))?.reveal() ?? null,
      addresses: (host) => directAddresses(host),
      link: (event) => `${parts.console()}/events/${event}`,
      revoke: revoking({ identity, reviews: lateReviews, recorder: parts.recorder }),
      openReview: openAccessReview({ reviews: lateReviews, connections, subject }),
    },
    reflexes: {
      asker(session) {
        const found = open?.get(sessionId(session));
        return found === undefined ? null : { subject: found.asker.subject, connection: found.asker.connection.name };
      },
      hurry: hurrying(parts.feeder),
      slowMs,
    },
    keep: { events: config.HOOP_EVENTS_DAYS, deadLetters: config.HOOP_DEAD_LETTERS_DAYS },
    log,
    now: Date.now,
  });
  const leave = await keepPresence(store, { replica, log }, () => {
    for (const tap of taps) tap.again();
  });

  return {
    events,
    recorder: watchedRecorder(parts.recorder, events.reflexes, slowMs),
    pauses: pausesOf(events.restraints, () => `${parts.console()}/events`),
    restrain: (policy) => withRestraints(policy, events.restraints),
    attach(late) {
      open = late.open;
      reviews = late.reviews;
      runner = late.runner;
      closing.push(endSessions(events.restraints, late.open));
      const own = { recorder: parts.recorder, replica, log };
      taps.push(watchAgents(late.agents, own), watchHealth(late.notReady, own));
    },
    secrets: {
      async put(receiver, secret) {
        const spec = events.rules.current().receivers.get(receiver);
        if (spec === undefined) throw new HoopError("not-found", `there is no receiver ${receiver}`);
        checkSecret(spec.type, secret);
        await vault.put(secretRef(receiver), secret);
      },
      has: async (receiver) => (await vault.get(secretRef(receiver))) !== null,
      delete: async (receiver) => void (await vault.delete(secretRef(receiver))),
    },
    async close() {
      for (const step of closing.splice(0).reverse()) step();
      for (const tap of taps.splice(0)) await tap.close();
      await leave();
      await events.close();
    },
  };
}

function checkSecret(type: string, secret: string): void {
  if (type === "webhook" && !secret.split(" ").every((one) => webhookKey(one) !== null))
    throw new HoopError("invalid", "a webhook's secret is `whsec_` and the base64 of 24 to 64 bytes", {
      hint: "two of them, separated by a space, while receivers change from one to the other",
    });
  if ((type === "slack" || type === "teams") && !(URL.canParse(secret) && /^https?:$/.test(new URL(secret).protocol)))
    throw new HoopError("invalid", `the secret of ${type} is the address of its webhook`);
  if (secret.length > 4_000 || /[\r\n\0]/.test(secret)) throw new HoopError("invalid", "this secret is too long");
}

/** What rules wait for goes to the store without the pause that others make; one drain at a time. */
function hurrying(feeder: Feeder | null): () => void {
  if (feeder === null) return () => {};
  let running = false;
  let again = false;
  const run = (): void => {
    running = true;
    again = false;
    feeder
      .drain(deadline(2_000))
      .catch(() => {})
      .finally(() => {
        running = false;
        if (again) run();
      });
  };
  return () => {
    if (running) again = true;
    else run();
  };
}
