import type { AgentRegistry } from "../../agents/index.js";
import { agentDown, agentUp, type EventStore, gatewayDegraded, short } from "../../events/index.js";
import type { Recorder } from "../../recording/index.js";
import type { Log } from "../log.js";

/** What a gateway says of itself is an entry of its journal, and the event is made from that: a kill takes nothing with it. */
export interface OwnParts {
  readonly recorder: Pick<Recorder, "append">;
  readonly replica: string;
  readonly log: Log;
}

const retryMs = 1_000;

function say(
  { recorder, replica }: OwnParts,
  what: string,
  target: string,
  after: Readonly<Record<string, unknown>>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    recorder.append(
      {
        kind: "change",
        actor: { subject: replica, name: "gateway", system: true },
        what,
        target,
        before: null,
        after: { replica, ...after },
      },
      (error) => (error === null ? resolve() : reject(error)),
    );
  });
}

/** One at a time, and again while the journal takes nothing. */
function repeated(log: Log, work: () => Promise<void>): { look(): void; close(): Promise<void> } {
  let running: Promise<void> | null = null;
  let again = false;
  let timer: NodeJS.Timeout | null = null;
  const look = (): void => {
    if (running !== null) {
      again = true;
      return;
    }
    again = false;
    running = work()
      .catch((error: unknown) => {
        log.warn({ err: error }, "what this gateway says of itself could not be written down; tried again");
        timer ??= setTimeout(() => {
          timer = null;
          look();
        }, retryMs).unref();
      })
      .finally(() => {
        running = null;
        if (again) look();
      });
  };
  return {
    look,
    async close() {
      while (running !== null) await running;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** Something that is looked at and told of. */
export interface Tap {
  /** All of it anew: others took this gateway for gone. */
  again(): void;
  /** With the last word, as this gateway stops. */
  close(): Promise<void>;
}

/** Tells when agents come and go. */
export function watchAgents(agents: Pick<AgentRegistry, "list" | "watch">, parts: OwnParts): Tap {
  const told = new Set<string>();
  let stopped = false;
  const work = repeated(parts.log, async () => {
    const here = new Set(stopped ? [] : agents.list().map(({ name }) => name as string));
    for (const agent of here) {
      if (told.has(agent)) continue;
      await say(parts, agentUp.type, agent, {});
      told.add(agent);
    }
    for (const agent of [...told]) {
      if (here.has(agent)) continue;
      await say(parts, agentDown.type, agent, {});
      told.delete(agent);
    }
  });
  const stop = agents.watch(work.look);
  work.look();
  return {
    again() {
      told.clear();
      work.look();
    },
    async close() {
      stop();
      stopped = true;
      work.look();
      await work.close();
    },
  };
}

/** Tells when this gateway cannot do its work, and when it can again. */
export function watchHealth(notReady: () => readonly string[], parts: OwnParts): Tap {
  let before = "[]";
  const work = repeated(parts.log, async () => {
    const reasons = notReady().slice(0, 10).map(short);
    const now = JSON.stringify(reasons);
    if (now === before) return;
    await say(parts, gatewayDegraded.type, parts.replica, { reasons });
    before = now;
  });
  const timer = setInterval(work.look, 1_000).unref();
  return {
    again() {
      before = "";
      work.look();
    },
    async close() {
      clearInterval(timer);
      await work.close();
    },
  };
}

const beatMs = 5_000;
/** A gateway that said nothing for so long is gone. */
const lostMs = 20_000;

/**
 * Says that this gateway is there, and tells of others that said nothing for too long. It does so only after it has reached the store for
 * that long itself: when the store comes back, everybody has been silent. `missed`: others took this one for gone.
 */
export async function keepPresence(
  store: Pick<EventStore, "beat" | "leave" | "noticeGone">,
  { replica, log }: Pick<OwnParts, "replica" | "log">,
  missed: () => void,
): Promise<() => Promise<void>> {
  await store.beat(replica);
  let since = performance.now();
  let running: Promise<void> | null = null;
  async function beat(): Promise<void> {
    try {
      const { known } = await store.beat(replica);
      if (!known) missed();
      if (performance.now() - since >= lostMs) await store.noticeGone(lostMs);
    } catch (error) {
      since = performance.now();
      log.warn({ err: error }, "this gateway could not say that it is there");
    }
  }
  const timer = setInterval(() => {
    running ??= beat().finally(() => {
      running = null;
    });
  }, beatMs).unref();
  return async () => {
    clearInterval(timer);
    await running;
    await store.leave(replica).catch(() => {});
  };
}
