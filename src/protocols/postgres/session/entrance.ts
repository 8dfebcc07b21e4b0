import type { Answer, EndReason, Waiting } from "../../../protocol/index.js";
import type { HoopError } from "../../../vocabulary/index.js";
import { encodeAuthenticationOk } from "../codec/backend.js";
import { denialReport, encodeOwnReport, endReport, type Report, sqlState } from "../errors.js";
import type { Core } from "./core.js";
import type { Startup } from "./greeting.js";
import { Waits } from "./waits.js";

/**
 * Before the target is dialled: the access itself, where it waits for people, and the settings that the session is to start with,
 * each as the SET that it stands for. The target gets them in its startup packet, so that RESET goes back to them.
 */
export class Entrance {
  readonly #core: Core;
  readonly #enter: (startup: Startup, judged: readonly number[]) => void;
  readonly #waits: Waits;
  #startup: Startup;
  readonly #settings: readonly string[];
  #connects: boolean;
  readonly #judged: number[] = [];
  /** The statement that is being asked about; null: it is the access. */
  #text: string | null = null;
  #ask = 0;

  /** `enter`: with the asks of the settings that were allowed, which the target has not heard of yet. */
  constructor(
    core: Core,
    startup: Startup,
    settings: readonly string[],
    enter: (startup: Startup, judged: readonly number[]) => void,
  ) {
    this.#core = core;
    this.#startup = startup;
    this.#settings = settings;
    this.#enter = enter;
    this.#waits = new Waits(core, (report) => this.#say(report));
    this.#connects = core.init.asksToConnect === true;
    if (this.#connects) this.#welcome();
    this.#next();
  }

  #next(): void {
    const text = this.#connects ? null : (this.#settings[this.#judged.length] ?? null);
    if (text === null && !this.#connects) return this.#enter(this.#startup, this.#judged);
    this.#ask = this.#core.out.nextId();
    this.#text = text;
    const { database, role } = this.#startup;
    const context = { database, role, searchPath: null, settings: {}, transaction: "idle", prepared: null } as const;
    const ask =
      text === null
        ? ({ phase: "connect", text: `connect to ${this.#core.init.connection.name}` } as const)
        : ({ phase: "statement", text } as const);
    const bytes = text === null ? 0 : Buffer.byteLength(text);
    this.#core.out.push({ kind: "ask", id: this.#ask, ask: { ...ask, context, values: null, bytes } });
  }

  /** The client is told that its login is accepted, as from there on, and not before, clients read notices. */
  #welcome(): void {
    if (this.#core.authenticated) return;
    this.#core.authenticated = true;
    this.#core.out.send("client", encodeAuthenticationOk());
  }

  #say(report: Report): void {
    this.#welcome();
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
    if (answer.outcome === "deny") return this.#refused(answer);
    if (answer.expects !== undefined) {
      const text = "what a session starts with cannot be held to an effect that was tried";
      return this.#core.end({ code: "refused", text }, endReport({ code: "refused", text }));
    }
    if (this.#connects) {
      this.#connects = false;
      // By the credential that there is now.
      this.#startup = this.#startup.anew();
    } else this.#judged.push(id);
    this.#next();
  }

  #refused(answer: Extract<Answer, { outcome: "deny" }>): void {
    const report = denialReport(answer.reasons, answer.hint);
    const text = report.message.slice("hoop: ".length);
    const code = this.#text === null ? sqlState.invalidAuthorization : report.code;
    const asked = this.#text === null ? "" : `The session was to start with this: ${this.#text.slice(0, 256)} `;
    const hint = `${asked}${answer.hint ?? "Nothing reached the target."}`;
    this.#core.end({ code: "refused", text }, { ...report, severity: "FATAL", code, hint });
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
