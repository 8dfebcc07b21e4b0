import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, hoopErrorFrom } from "../../vocabulary/index.js";
import type { EphemeralPorts } from "./ports.js";
import type { EphemeralUser } from "./user-store.js";

const firstRetryMs = 500;
const longestRetryMs = 60_000;
/** Tried at the same time. */
const abreast = 4;

interface Removal {
  readonly user: EphemeralUser;
  /** As the connection was when the user was made; null: as it is now. */
  readonly at: Connection | null;
  waitMs: number;
  timer: NodeJS.Timeout | null;
  readonly done: (() => void)[];
}

/** Users that have to go. Tried until they are gone; what is left when the process ends, another one takes over. */
export class Removals {
  readonly #ports: EphemeralPorts;
  readonly #pending = new Map<string, Removal>();
  readonly #queue: Removal[] = [];
  #running = 0;
  #closed = false;

  constructor(ports: EphemeralPorts) {
    this.#ports = ports;
  }

  has(id: string): boolean {
    return this.#pending.has(id);
  }

  /** Resolves after the first try, gone or not. */
  remove(user: EphemeralUser, at: Connection | null): Promise<void> {
    return new Promise((resolve) => {
      const known = this.#pending.get(user.id);
      if (known !== undefined) return void (known.timer === null ? known.done.push(resolve) : resolve());
      const removal: Removal = { user, at, waitMs: firstRetryMs, timer: null, done: [resolve] };
      this.#pending.set(user.id, removal);
      this.#queue.push(removal);
      this.#next();
    });
  }

  /** Gives what is being removed a moment more, then stops. */
  async close(withinMs: number): Promise<void> {
    const until = Date.now() + withinMs;
    while (this.#running + this.#queue.length > 0 && Date.now() < until) await sleep(10);
    this.#closed = true;
    for (const { timer } of this.#pending.values()) if (timer !== null) clearTimeout(timer);
  }

  #next(): void {
    while (this.#running < abreast && this.#queue.length > 0) {
      const removal = this.#queue.shift()!;
      this.#running++;
      void this.#try(removal).finally(() => {
        this.#running--;
        for (const done of removal.done.splice(0)) done();
        this.#next();
      });
    }
  }

  async #try(removal: Removal): Promise<void> {
    const { user } = removal;
    const { connections, admins, store, log } = this.#ports;
    try {
      const now = connections.byId(user.place);
      const at = removal.at ?? now;
      if (at === undefined) {
        // Nobody can log in there any more; the user's password ends by itself.
        log.warn({ user: user.name, connection: user.connection }, "a user stays at a target whose connection is gone");
      } else {
        await admins
          .use(at, (admin) => admin.dropUser(user.name, user.heir))
          .catch((error: unknown) => {
            // The connection was changed since: its login may be another now.
            if (now === undefined || now === at) throw error;
            return admins.use(now, (admin) => admin.dropUser(user.name, user.heir));
          });
      }
      await store.remove(user.id);
      this.#pending.delete(user.id);
    } catch (error) {
      const { message } = hoopErrorFrom(error, "it could not be removed");
      log.warn({ err: error, user: user.name, connection: user.connection }, `a user is not removed yet: ${message}`);
      if (this.#closed) return;
      removal.timer = setTimeout(() => {
        removal.timer = null;
        removal.waitMs = Math.min(removal.waitMs * 2, longestRetryMs);
        this.#queue.push(removal);
        this.#next();
      }, removal.waitMs).unref();
    }
  }
}
