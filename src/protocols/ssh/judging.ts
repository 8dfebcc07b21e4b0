import type { Ask, SessionHost } from "../../protocol/index.js";
import { requestAnalysis } from "./analysis.js";
import type { Withdraw } from "./connection/bridge.js";
import type { Channel, ChannelTap, End } from "./connection/channel.js";
import type { JudgedRequest, RequestVerdict } from "./connection/requests.js";

const noContext: Ask["context"] = {
  database: "",
  role: "",
  searchPath: null,
  settings: {},
  transaction: "idle",
  prepared: null,
};

/** Brings what clients ask for before the gate, and notes how it ended. */
export class Judging {
  readonly #host: SessionHost;
  readonly #user: string;
  readonly #running = new Map<Channel, { readonly ask: number; bytes: number }>();
  #asks = 0;

  constructor(host: SessionHost, user: string) {
    this.#host = host;
    this.#user = user;
  }

  judge(request: JudgedRequest, channel: Channel | null, answer: (verdict: RequestVerdict) => void): Withdraw {
    const id = ++this.#asks;
    const { text, analysis } = requestAnalysis(request, this.#user, channel?.pty !== null && channel !== null);
    const ask: Ask = {
      phase: "statement",
      text,
      context: { ...noContext, role: this.#user },
      values: null,
      bytes: text.length,
      analysis,
    };
    this.#host.gate.judge(id, ask, (word) => {
      if (word.outcome === "allow") {
        if (channel) this.#running.set(channel, { ask: id, bytes: 0 });
        return answer({ outcome: "allow" });
      }
      answer({ outcome: "deny", text: word.reasons.map((reason) => reason.text).join("; ") || "no rule allows this" });
    });
    return () => this.#host.gate.withdraw?.(id);
  }

  tap(channel: Channel, _inject: (to: End, data: Buffer, extended: number | null) => void): ChannelTap | null {
    const running = this.#running.get(channel);
    if (!running) return null;
    let status: string | undefined;
    return {
      fromClient: (data) => data,
      fromTarget: (data) => {
        running.bytes += data.length;
        return data;
      },
      exited: (code, signal) => {
        status = signal === null ? `exit ${code}` : `signal ${signal}`;
      },
      closed: () => {
        this.#running.delete(channel);
        this.#host.note({
          kind: "finished",
          ask: running.ask,
          outcome: "ok",
          rows: 0,
          bytes: running.bytes,
          maskedCells: 0,
          tag: status,
        });
      },
    };
  }
}
