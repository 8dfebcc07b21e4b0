import type { Answer, EndReason, Waiting } from "../../../protocol/index.js";
import type { HoopError } from "../../../vocabulary/index.js";
import { encodeAuthenticationOk } from "../codec/backend.js";
import { denialReport, encodeOwnReport, endReport, type Report, sqlState } from "../errors.js";
import type { Core } from "./core.js";
import type { Startup } from "./greeting.js";
import { Waits } from "./waits.js";

/**
 * Before the target is dialled, where the access itself waits for people: the client is told that its login is accepted, as from
 * there on, and not before, clients read notices.
 */
export class Entrance {
  readonly #core: Core;
  readonly #enter: () => void;
  readonly #waits: Waits;
  #ask: number;

  constructor(core: Core, startup: Startup, enter: () => void) {
    this.#core = core;
    this.#enter = enter;
    this.#waits = new Waits(core, (report) => this.#say(report));
    core.authenticated = true;
    core.out.send("client", encodeAuthenticationOk());
    this.#ask = core.out.nextId();
    const { database, role } = startup;
    const context = { database, role, searchPath: null, settings: {}, transaction: "idle", prepared: null } as const;
    const text = `connect to ${core.init.connection.name}`;
    const ask = { phase: "connect", text, context, values: null, bytes: 0 } as const;
    core.out.push({ kind: "ask", id: this.#ask, ask });
  }

  #say(report: Report): void {
    const hint =
      "Clients with a connect timeout (connect_timeout, loginTimeout) give up by themselves; connect without one.";
    this.#core.out.send("client", encodeOwnReport({ ...report, hint }));
  }

  waits(id: number, waiting: Waiting): void {
    if (id === this.#ask) this.#waits.told(waiting);
  }

  tick(name: string): void {
    this.#waits.tick(name);
  }

  answered(id: number, answer: Answer): void {
    if (id !== this.#ask) return;
    this.#ask = 0;
    this.#waits.over();
    if (answer.outcome === "allow") return this.#enter();
    const report = denialReport(answer.reasons, answer.hint);
    const text = report.message.slice("hoop: ".length);
    const hint = answer.hint ?? "Nothing reached the target.";
    this.#core.end(
      { code: "refused", text },
      { ...report, severity: "FATAL", code: sqlState.invalidAuthorization, hint },
    );
  }

  failed(id: number, error: HoopError): void {
    if (id !== this.#ask) return;
    this.#ask = 0;
    const end = { code: "internal", text: error.message } as const;
    this.#core.end(end, endReport(end, error.hint));
  }

  /** The session ends while it waits. */
  leave(reason: EndReason): void {
    if (this.#ask === 0) return;
    const why = reason.code === "drained" ? "restarted" : "disconnected";
    this.#core.out.push({ kind: "withdraw", id: this.#ask, why });
    this.#ask = 0;
    this.#waits.over();
  }
}
