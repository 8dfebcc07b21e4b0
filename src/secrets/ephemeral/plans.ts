import type { Connection } from "../../vocabulary/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { type Plan, planFor, whyNot } from "./plan.js";
import type { EphemeralPorts } from "./ports.js";

/** The target may learn to make users, or be repaired: looked at again. */
const keepStaticMs = 10 * 60_000;
const most = 4_096;

interface Known {
  readonly plan: Promise<Plan>;
  /** Null: until the connection changes. */
  until: number | null;
}

type TryOut = (connection: Connection, plan: Extract<Plan, { kind: "ephemeral" }>) => Promise<void>;

/** What was found out of each connection, as it is now. */
export class Plans {
  readonly #ports: EphemeralPorts;
  /** Makes a user, logs in as it, drops it. */
  readonly #tryOut: TryOut;
  readonly #known = new Map<string, Known>();

  constructor(ports: EphemeralPorts, tryOut: TryOut) {
    this.#ports = ports;
    this.#tryOut = tryOut;
  }

  of(connection: Connection): Promise<Plan> {
    const key = keyOf(connection);
    const found = this.#known.get(key);
    if (found !== undefined && (found.until === null || found.until > this.#ports.now())) return found.plan;
    const known: Known = { plan: this.#look(connection), until: null };
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size > most) this.#known.delete(this.#known.keys().next().value!);
    known.plan.then(
      (plan) => {
        if (plan.kind === "static") known.until = this.#ports.now() + keepStaticMs;
      },
      () => this.#known.get(key) === known && this.#known.delete(key),
    );
    return known.plan;
  }

  /** What was true of the target may have changed. */
  forget(connection: Connection): void {
    this.#known.delete(keyOf(connection));
  }

  async #look(connection: Connection): Promise<Plan> {
    const auto = (connection.credential?.users ?? "auto") === "auto";
    try {
      const plan = await planFor(this.#ports, connection);
      // Nobody asked for users here: they must be sure to work before sessions rest on them.
      if (plan.kind === "ephemeral" && auto) await this.#tryOut(connection, plan);
      if (plan.kind === "static" && auto && this.#ports.admins.can(connection))
        this.#ports.log.info({ connection: connection.name, why: plan.why }, "sessions share the stored login");
      return plan;
    } catch (error) {
      // A target that cannot be reached now is not one that makes no users: its sessions would not begin either.
      if (!auto || !(error instanceof HoopError) || ["unavailable", "timeout", "limited"].includes(error.code))
        throw error;
      const why = whyNot(error);
      this.#ports.log.warn(
        { err: error, connection: connection.name },
        "no user could be made; the stored login is used",
      );
      return { kind: "static", why };
    }
  }
}

const keyOf = (connection: Connection): string => `${connection.id} ${connection.version}`;
