import { Worker } from "node:worker_threads";
import type { FedStep, FedTip, Feeding, Stretch } from "../../recording/index.js";
import { HoopError } from "../../vocabulary/index.js";
import type { FeedingSetup, FromFeeding, ToFeeding } from "./messages.js";

interface Waiting {
  readonly resolve: (step: FedStep) => void;
  readonly reject: (error: HoopError) => void;
}

/** How long a thread that is told to end may take to leave the store. */
const closeMs = 5_000;

/**
 * Feeds in a thread of its own, with its own connection to the store: reading the journal, packing and storing take as much time as
 * recording does, and make garbage, and neither may keep statements waiting. A thread that dies is replaced with the next attempt.
 */
export function feedInThread(setup: FeedingSetup, file = new URL("./worker.js", import.meta.url)): Feeding {
  return new ThreadFeeding(setup, file);
}

class ThreadFeeding implements Feeding {
  readonly #setup: FeedingSetup;
  readonly #file: URL;
  #worker: Worker | null = null;
  #waiting: Waiting | null = null;
  /** The next stretch is the first one after `begin`. */
  #begin = true;
  #closed = false;

  constructor(setup: FeedingSetup, file: URL) {
    this.#setup = setup;
    this.#file = file;
  }

  begin(): void {
    this.#begin = true;
  }

  feed(stretch: Stretch, fed: FedTip): Promise<FedStep> {
    if (this.#closed) return Promise.reject(new HoopError("unavailable", "the feeding of the store has ended"));
    // What a thread that died had read of an entry is lost: reading must begin anew.
    if (this.#worker === null && !this.#begin) return Promise.reject(lost());
    this.#worker ??= this.#start();
    const message: ToFeeding = { kind: "feed", begin: this.#begin, stretch, fed };
    this.#begin = false;
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      worker.postMessage(message);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker === null) return;
    const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    worker.postMessage({ kind: "close" } satisfies ToFeeding);
    const patience = setTimeout(() => void worker.terminate(), closeMs);
    await ended;
    clearTimeout(patience);
  }

  #start(): Worker {
    const worker = new Worker(this.#file, { workerData: this.#setup, execArgv: [] });
    worker.on("message", (message: FromFeeding) => this.#hear(message));
    const gone = (cause?: unknown) => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting?.reject(lost(cause));
    };
    worker.on("error", gone);
    worker.on("messageerror", gone);
    worker.on("exit", () => gone());
    // Who waits for the store keeps the process alive, and nobody else.
    worker.unref();
    return worker;
  }

  #hear(message: FromFeeding): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (message.kind === "fed") waiting?.resolve(message.step);
    else {
      const { code, message: text, hint, cause } = message;
      waiting?.reject(new HoopError(code, text, { hint, cause: cause === undefined ? undefined : new Error(cause) }));
    }
  }
}

function lost(cause?: unknown): HoopError {
  return new HoopError("unavailable", "the thread that feeds the store ended; another one begins anew", { cause });
}
