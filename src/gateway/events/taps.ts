import type { AgentRegistry } from "../../agents/index.js";
import {
  agentDown,
  agentUp,
  type EventDraft,
  type EventStore,
  eventId,
  gatewayDegraded,
  short,
} from "../../events/index.js";
import type { Log } from "../log.js";

/** Events of this process that no transaction causes: kept here until the store has them. */
export interface Told {
  tell(event: EventDraft): void;
  /** Once more, before this gateway goes. */
  close(): Promise<void>;
}

/** The oldest go first when the store is away for long. */
const most = 10_000;
const retryMs = 1_000;

export function tellStore(store: Pick<EventStore, "add">, log: Log): Told {
  let waiting: EventDraft[] = [];
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;

  async function save(): Promise<void> {
    while (waiting.length > 0) {
      const some = waiting.slice(0, 500);
      try {
        await store.add(some);
        waiting = waiting.filter((one) => !some.includes(one));
      } catch (error) {
        log.warn({ err: error }, "events wait for the store");
        timer ??= setTimeout(() => {
          timer = null;
          start();
        }, retryMs).unref();
        return;
      }
    }
  }

  function start(): void {
    running ??= save().finally(() => {
      running = null;
    });
  }

  return {
    tell(event) {
      if (waiting.length >= most) {
        const lost = waiting.shift()!;
        log.error({ type: lost.type }, "the store has been away for long: an event of this gateway is dropped");
      }
      waiting.push(event);
      start();
    },
    async close() {
      if (timer !== null) clearTimeout(timer);
      await running;
      if (waiting.length > 0) await save();
      if (timer !== null) clearTimeout(timer);
    },
  };
}

const nobody = { subject: null, connection: null, session: null, cause: [] } as const;

/** Tells when agents come and go. */
export function watchAgents(agents: Pick<AgentRegistry, "list" | "watch">, replica: string, told: Told): () => void {
  let before = new Set<string>();
  let turn = 0;
  const look = (): void => {
    const now = new Set(agents.list().map(({ name }) => name as string));
    const at = Date.now();
    for (const [type, names] of [
      [agentUp, [...now].filter((name) => !before.has(name))],
      [agentDown, [...before].filter((name) => !now.has(name))],
    ] as const)
      for (const agent of names) {
        turn += 1;
        told.tell(
          type.draft({ id: eventId(type.type, replica, agent, String(turn)), at, ...nobody, data: { agent, replica } }),
        );
      }
    before = now;
  };
  look();
  return agents.watch(look);
}

/** Tells when this gateway cannot do its work, and when it can again. */
export function watchHealth(notReady: () => readonly string[], replica: string, told: Told): () => void {
  let before = "[]";
  const timer = setInterval(() => {
    const reasons = notReady().slice(0, 10).map(short);
    const now = JSON.stringify(reasons);
    if (now === before) return;
    before = now;
    const at = Date.now();
    const id = eventId(gatewayDegraded.type, replica, String(at));
    told.tell(gatewayDegraded.draft({ id, at, ...nobody, data: { replica, reasons } }));
  }, 1_000).unref();
  return () => clearInterval(timer);
}
