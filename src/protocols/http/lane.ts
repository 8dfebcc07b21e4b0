import type { Answer, Ask, SessionHost, TargetCredential, Waiting, WithdrawReason } from "../../protocol/index.js";
import { type Analysis, HoopError } from "../../vocabulary/index.js";
import { isOwnHost, laneCookieValue } from "./browser.js";
import { type Injection, injectionOf, secretForms } from "./credential.js";
import { headerOf } from "./headers.js";
import { Presence } from "./presence.js";
import type { ProblemForm } from "./refusal.js";
import { type RequestFacts, requestAnalyser } from "./statement.js";
import { type HttpTarget, targetOf } from "./target.js";
import { pathNamer } from "./template.js";
import { Upstream, type UpstreamAnswer } from "./upstream.js";

export interface Finish {
  readonly outcome: "ok" | "error" | "cancelled";
  readonly bytes: number;
  readonly status: number;
  readonly maskedCells?: number | undefined;
  readonly detected?: Readonly<Record<string, number>> | undefined;
  /** Why it failed, where that was on the way to the target or back. */
  readonly error?: { readonly code: string; readonly text: string } | undefined;
}

/** Tokens last longer than they are used. */
const tokenMs = 60_000;

const connectAsk: Ask = {
  phase: "connect",
  text: "",
  context: {
    database: "",
    role: "",
    searchPath: null,
    settings: {},
    transaction: "idle",
    prepared: null,
  },
  values: null,
  bytes: 0,
};

/** What all requests of one lane share. */
export class HttpLane {
  readonly host: SessionHost;
  readonly target: HttpTarget;
  readonly upstream: Upstream;
  readonly analyse: (facts: RequestFacts) => Analysis;
  /** `grafana.hoop` */
  readonly name: string;
  readonly cookie: string;
  /** How the client speaks to this lane. */
  proto: "http" | "https" = "http";
  readonly #names: readonly string[];
  /** For masks that hash. */
  readonly maskKey: Buffer;
  #asks = 0;
  #ready = false;
  #token: { readonly since: number; readonly text: Promise<string> } | null = null;
  #admitted: Promise<Answer> | null = null;

  constructor(host: SessionHost) {
    const { connection, subject, maskKey } = host.init;
    this.host = host;
    this.target = targetOf(connection);
    this.maskKey = maskKey ?? host.init.random(32);
    this.upstream = new Upstream(host, this.target);
    this.name = `${connection.name}.hoop`;
    this.#names = [this.name, connection.name];
    this.cookie = laneCookieValue(this.maskKey, subject.id, connection.id);
    this.analyse = requestAnalyser(this.name, pathNamer(this.target.paths), this.target);
  }

  /** What the client can read of a refusal. */
  get form(): ProblemForm {
    return this.target.kubernetes ? "kubernetes" : "problem";
  }

  /** How the credential goes along, as it is now: an access that waits for people has none until they allow it. */
  get injection(): Injection {
    return this.#login().injection;
  }

  /** Forms of the secret that a target could echo. */
  get secrets(): readonly string[] {
    return this.#login().secrets;
  }

  #known: { of: TargetCredential; injection: Injection; secrets: readonly string[] } | null = null;
  #login(): { injection: Injection; secrets: readonly string[] } {
    const { credential } = this.host.init;
    if (this.#known?.of !== credential) {
      const { auth } = this.target;
      this.#known = {
        of: credential,
        injection: injectionOf(auth, credential),
        secrets: secretForms(auth, credential),
      };
    }
    return this.#known;
  }

  isOwn(host: string | undefined): boolean {
    return isOwnHost(host, this.#names);
  }

  /** Whether a rule in force looks at this, or may do it: `hold`, `attribute:body`. */
  needs(what: string): boolean {
    return this.host.gate.needs?.().has(what) ?? false;
  }

  /** Where the access itself waits for people: the first request asks, and all wait. Null: it waits for nobody. */
  admitted(client: Presence): Promise<Answer> | null {
    if (!this.host.init.asksToConnect) return null;
    this.#admitted ??= this.judge(connectAsk, this.#session()).then(({ answer }) => answer);
    return Promise.race([
      this.#admitted,
      new Promise<never>((_resolve, reject) => {
        const leave = () => reject(new HoopError("cancelled", "the client went away"));
        if (client.left) leave();
        else client.onLeave(leave);
      }),
    ]);
  }

  #session(): Presence {
    const { signal } = this.host;
    const session = new Presence();
    if (signal.aborted) session.leave();
    else signal.addEventListener("abort", () => session.leave(), { once: true });
    return session;
  }

  /**
   * Resolves with the gate's word, however long it takes; withdrawn when the client leaves. `waits` may withdraw it too, and with
   * `restarted` leaves its review open.
   */
  judge(
    ask: Ask,
    client: Presence,
    waits?: (waiting: Waiting, withdraw: (why: WithdrawReason) => void) => void,
  ): Promise<{ readonly id: number; readonly answer: Answer }> {
    const id = ++this.#asks;
    const { gate } = this.host;
    return new Promise((resolve, reject) => {
      const withdraw = (why: WithdrawReason) => {
        stay();
        gate.withdraw?.(id, why);
        reject(new HoopError("cancelled", "the client went away"));
      };
      let stay = () => {};
      if (client.left) return withdraw("disconnected");
      stay = client.onLeave(() => withdraw("disconnected"));
      const answered = (answer: Answer) => {
        stay();
        resolve({ id, answer });
      };
      gate.judge(id, ask, answered, waits && ((waiting) => waits(waiting, withdraw)));
    });
  }

  /** Headers that say who is asking, where the target wants that signed. */
  async identity(): Promise<readonly string[]> {
    const { auth } = this.target;
    if (auth.kind !== "jwt") return [];
    const { keys, init } = this.host;
    if (!keys?.identityToken) throw new HoopError("unsupported", "nothing here signs who is asking");
    const now = Date.now();
    if (this.#token === null || now - this.#token.since > tokenMs)
      this.#token = { since: now, text: keys.identityToken(auth.audience ?? init.connection.name) };
    const token = await this.#token.text;
    return auth.header === undefined ? ["Authorization", `Bearer ${token}`] : [auth.header, token];
  }

  reached(answer: UpstreamAnswer): void {
    if (this.#ready) return;
    this.#ready = true;
    this.host.note({ kind: "ready", targetVersion: headerOf(answer.headers, "server") ?? "HTTP", client: {} });
  }

  finished(ask: number, { outcome, bytes, status, maskedCells = 0, detected, error }: Finish): void {
    this.host.note({
      kind: "finished",
      ask,
      outcome,
      rows: 0,
      bytes,
      maskedCells,
      ...(detected ? { detected } : {}),
      ...(error ? { error } : {}),
      tag: status === 0 ? undefined : String(status),
    });
  }

  /** A header's value in which the target echoes the secret loses it. */
  withoutSecret(value: string): string {
    let shown = value;
    for (const secret of this.secrets) if (shown.includes(secret)) shown = shown.replaceAll(secret, "***");
    return shown;
  }

  /** Writes down what failed; of an error that is not ours only its code, since its text may hold anything. */
  warn(error: unknown): void {
    const { code } = error as { readonly code?: unknown };
    const text =
      error instanceof HoopError
        ? error.message
        : `a request failed on its way to the target${typeof code === "string" ? ` (${code})` : ""}`;
    this.host.note({ kind: "warning", text });
  }
}
