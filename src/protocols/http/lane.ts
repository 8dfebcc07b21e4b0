import type { Answer, Ask, SessionHost } from "../../protocol/index.js";
import { type Analysis, HoopError } from "../../vocabulary/index.js";
import { isOwnHost, laneCookieValue } from "./browser.js";
import { type Injection, injectionOf, secretForms } from "./credential.js";
import { headerOf } from "./headers.js";
import { type RequestFacts, requestAnalyser } from "./statement.js";
import { type HttpTarget, targetOf } from "./target.js";
import { pathNamer } from "./template.js";
import { Upstream, type UpstreamAnswer } from "./upstream.js";

export interface Finish {
  readonly outcome: "ok" | "error" | "cancelled";
  readonly bytes: number;
  readonly status: number;
}

/** What all requests of one lane share. */
export class HttpLane {
  readonly host: SessionHost;
  readonly target: HttpTarget;
  readonly injection: Injection;
  readonly upstream: Upstream;
  readonly analyse: (facts: RequestFacts) => Analysis;
  /** `grafana.hoop` */
  readonly name: string;
  readonly cookie: string;
  /** How the client speaks to this lane. */
  proto: "http" | "https" = "http";
  readonly #names: readonly string[];
  readonly #secrets: readonly string[];
  #asks = 0;
  #ready = false;

  constructor(host: SessionHost) {
    const { connection, credential, subject, maskKey } = host.init;
    this.host = host;
    this.target = targetOf(connection);
    this.injection = injectionOf(this.target.auth, credential);
    this.#secrets = secretForms(this.target.auth, credential);
    this.upstream = new Upstream(host, this.target);
    this.name = `${connection.name}.hoop`;
    this.#names = [this.name, connection.name];
    this.cookie = laneCookieValue(maskKey ?? host.init.random(32), subject.id, connection.id);
    this.analyse = requestAnalyser(this.name, pathNamer(this.target.paths), this.target.websocketEffects);
  }

  isOwn(host: string | undefined): boolean {
    return isOwnHost(host, this.#names);
  }

  /** Resolves with the gate's word, however long it takes; withdrawn when `signal` aborts. */
  judge(ask: Ask, signal: AbortSignal): Promise<{ readonly id: number; readonly answer: Answer }> {
    const id = ++this.#asks;
    const { gate } = this.host;
    return new Promise((resolve, reject) => {
      const leave = () => {
        gate.withdraw?.(id);
        reject(new HoopError("cancelled", "the client went away"));
      };
      if (signal.aborted) return leave();
      signal.addEventListener("abort", leave, { once: true });
      gate.judge(id, ask, (answer) => {
        signal.removeEventListener("abort", leave);
        resolve({ id, answer });
      });
    });
  }

  reached(answer: UpstreamAnswer): void {
    if (this.#ready) return;
    this.#ready = true;
    this.host.note({ kind: "ready", targetVersion: headerOf(answer.headers, "server") ?? "HTTP", client: {} });
  }

  finished(ask: number, { outcome, bytes, status }: Finish): void {
    this.host.note({
      kind: "finished",
      ask,
      outcome,
      rows: 0,
      bytes,
      maskedCells: 0,
      tag: status === 0 ? undefined : String(status),
    });
  }

  /** A header's value in which the target echoes the secret loses it. */
  withoutSecret(value: string): string {
    let shown = value;
    for (const secret of this.#secrets) if (shown.includes(secret)) shown = shown.replaceAll(secret, "***");
    return shown;
  }

  warn(error: unknown): void {
    if (!(error instanceof HoopError)) return;
    this.host.note({ kind: "warning", text: error.message });
  }
}
