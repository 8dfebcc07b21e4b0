import type { SessionHost } from "../../protocol/index.js";
import { askOf } from "./judging.js";
import { Waits } from "./waits.js";

/** Of the session's asks the one about its access; statements count from 1. */
const accessAsk = 0;

/**
 * Where the access itself waits for people: the client is kept between its login and the answer to it, and told why in banners, which
 * every client shows. Nothing is dialled before.
 */
export class Entrance {
  readonly #host: SessionHost;
  readonly #waits: Waits;
  #open = true;

  constructor(host: SessionHost, user: string, say: (line: string) => void, done: (denied: string | null) => void) {
    this.#host = host;
    this.#waits = new Waits(say);
    host.gate.judge(
      accessAsk,
      askOf("connect", `connect to ${host.init.connection.name}`, 0, user),
      (answer) => {
        if (!this.#open) return;
        this.#close();
        if (answer.outcome === "allow") return done(null);
        const why = answer.reasons.map((reason) => reason.text).join("; ") || "no rule allows this";
        done(answer.hint ? `${why} (${answer.hint})` : why);
      },
      (waiting) => {
        if (this.#open) this.#waits.told(waiting);
      },
    );
  }

  /** The session ends while it waits. */
  leave(restarts: boolean): void {
    if (!this.#open) return;
    this.#close();
    this.#host.gate.withdraw?.(accessAsk, restarts ? "restarted" : "disconnected");
  }

  #close(): void {
    this.#open = false;
    this.#waits.over();
  }
}
