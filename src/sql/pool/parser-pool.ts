import { Worker } from "node:worker_threads";
import type { Catalogue } from "../../vocabulary/index.js";
import type { SqlContext } from "../analyser.js";
import type { SqlLimits } from "../limits.js";
import { type Analysed, unreadable } from "../postgres/analyse.js";
import type { FromWorker, ToWorker, WorkerSetup } from "./messages.js";

export interface ParserPoolOptions {
  readonly workers: number;
  readonly limits: SqlLimits;
  /** How long one analysis may take, in milliseconds. */
  readonly deadline: number;
  /** How long a worker may take to get ready. */
  readonly startDeadline: number;
  /** Tasks and characters that may wait. */
  readonly maxQueue: number;
  readonly maxQueuedText: number;
  /** Catalogues that a worker keeps. */
  readonly maxCatalogues: number;
  readonly workerFile: URL;
}

/** An answer, and whether it would be the same at another time. */
export type PoolAnswer = Analysed;

interface Task {
  readonly id: number;
  readonly text: string;
  readonly context: SqlContext;
  readonly catalogue: Catalogue;
  readonly done: (answer: PoolAnswer) => void;
}

/** Workers that parse, one text at a time each. Whatever goes wrong with a worker, the text it had is unknown and the worker is replaced. */
export class ParserPool {
  readonly #slots: Slot[];
  readonly #queue: Task[] = [];
  #queuedText = 0;
  #ids = 0;
  #recycled = 0;
  #closed = false;

  constructor(readonly options: ParserPoolOptions) {
    this.#slots = Array.from({ length: options.workers }, () => new Slot(options, this.#host()));
  }

  get recycled(): number {
    return this.#recycled;
  }

  analyse(text: string, context: SqlContext, catalogue: Catalogue, done: (answer: PoolAnswer) => void): void {
    if (this.#closed) done(passing(text, "the SQL parser is closed"));
    else if (this.#queue.length >= this.options.maxQueue || this.#queuedText + text.length > this.options.maxQueuedText)
      done(passing(text, "too many statements wait to be read"));
    else {
      this.#ids += 1;
      this.#queue.push({ id: this.#ids, text, context, catalogue, done });
      this.#queuedText += text.length;
      this.#dispatch();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#refuseQueued("the SQL parser is closed");
    await Promise.all(this.#slots.map((slot) => slot.close()));
  }

  #host(): SlotHost {
    return {
      idle: () => this.#dispatch(),
      recycled: () => {
        this.#recycled += 1;
      },
      // Nobody is there to read: waiting would only hide it.
      dead: () => {
        if (this.#slots.every((slot) => slot.dead)) this.#refuseQueued("the SQL parser does not start");
      },
    };
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      while (slot.free) {
        const task = this.#queue.shift();
        if (task === undefined) return;
        this.#queuedText -= task.text.length;
        slot.run(task);
      }
    }
    if (this.#slots.length > 0 && this.#slots.every((slot) => slot.dead))
      this.#refuseQueued("the SQL parser does not start");
  }

  #refuseQueued(why: string): void {
    for (const task of this.#queue.splice(0)) task.done(passing(task.text, why));
    this.#queuedText = 0;
  }
}

/** An answer that is about the moment, not about the text. */
function passing(text: string, why: string): PoolAnswer {
  return { ...unreadable(text, why), repeatable: false };
}

interface SlotHost {
  idle(): void;
  recycled(): void;
  dead(): void;
}

/** A worker's place: holds one worker after the other. */
class Slot {
  #worker: Worker | null = null;
  #ready = false;
  #task: Task | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #failures = 0;
  readonly #catalogues = new Map<string, true>();

  constructor(
    readonly options: ParserPoolOptions,
    readonly host: SlotHost,
  ) {
    this.#start();
  }

  get free(): boolean {
    return this.#ready && this.#task === null;
  }

  /** It has failed to start again and again, and is between two attempts. */
  get dead(): boolean {
    return this.#failures >= 3;
  }

  run(task: Task): void {
    const worker = this.#worker;
    if (worker === null) return;
    this.#task = task;
    this.#arm(this.options.deadline, "reading the statement took too long");
    try {
      this.#post(worker, {
        kind: "analyse",
        task: task.id,
        text: task.text,
        context: slimContext(task),
        catalogue: this.#show(worker, task.catalogue),
      });
    } catch {
      this.#fail("the statement could not be given to the parser");
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#fail("the SQL parser is closed");
  }

  #start(): void {
    const setup: WorkerSetup = { limits: this.options.limits };
    const worker = new Worker(this.options.workerFile, {
      workerData: setup,
      resourceLimits: { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 64, stackSizeMb: 4 },
      // What the parser prints is not for anybody's log: it may quote the statement.
      stdout: true,
      stderr: true,
      env: {},
      execArgv: [],
    });
    worker.stdout.resume();
    worker.stderr.resume();
    this.#worker = worker;
    worker.on("message", (message: FromWorker) => {
      if (worker === this.#worker) this.#hear(message);
    });
    const gone = () => {
      if (worker === this.#worker) this.#fail("the SQL parser broke on the statement");
    };
    worker.on("error", gone);
    worker.on("messageerror", gone);
    worker.on("exit", gone);
    worker.unref();
    this.#arm(this.options.startDeadline, "the SQL parser does not start");
  }

  #hear(message: FromWorker): void {
    if (message.kind === "ready") {
      this.#disarm();
      this.#ready = true;
      this.#failures = 0;
      this.host.idle();
      return;
    }
    const task = this.#task;
    if (task === null || task.id !== message.task) return;
    if (message.kind === "poisoned") {
      this.#fail("the SQL parser broke on the statement");
      return;
    }
    this.#disarm();
    this.#task = null;
    task.done(message.result);
    this.host.idle();
  }

  /** Ends the worker, answers what it had, and starts another. */
  #fail(why: string): void {
    const worker = this.#worker;
    const task = this.#task;
    const wasReady = this.#ready;
    this.#disarm();
    this.#worker = null;
    this.#ready = false;
    this.#task = null;
    this.#catalogues.clear();
    if (worker !== null) void worker.terminate();
    if (!this.#closed) {
      this.host.recycled();
      this.#failures = wasReady ? 0 : this.#failures + 1;
      this.#restart();
    }
    task?.done(passing(task.text, why));
  }

  #restart(): void {
    if (this.#failures === 0) {
      this.#start();
      return;
    }
    if (this.dead) this.host.dead();
    const timer = setTimeout(
      () => {
        if (!this.#closed && this.#worker === null) this.#start();
      },
      Math.min(250 * 2 ** this.#failures, 10_000),
    );
    timer.unref();
  }

  #arm(after: number, why: string): void {
    this.#disarm();
    this.#timer = setTimeout(() => this.#fail(why), after);
    this.#timer.unref();
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Makes sure that the worker has the catalogue, and gives its id. */
  #show(worker: Worker, catalogue: Catalogue): string {
    const id = `${catalogue.key}\u0000${catalogue.version}`;
    if (this.#catalogues.delete(id)) {
      this.#catalogues.set(id, true);
      return id;
    }
    this.#catalogues.set(id, true);
    this.#post(worker, { kind: "catalogue", id, catalogue });
    for (const oldest of this.#catalogues.keys()) {
      if (this.#catalogues.size <= this.options.maxCatalogues) break;
      this.#catalogues.delete(oldest);
      this.#post(worker, { kind: "forget", id: oldest });
    }
    return id;
  }

  #post(worker: Worker, message: ToWorker): void {
    worker.postMessage(message);
  }
}

/** Prepared statements are sent only with a text that may run one. */
function slimContext(task: Task): SqlContext {
  const { database, role, searchPath, settings, prepared } = task.context;
  const { standard_conforming_strings, client_encoding } = settings;
  const needed: Record<string, string> = {};
  if (standard_conforming_strings !== undefined) needed.standard_conforming_strings = standard_conforming_strings;
  if (client_encoding !== undefined) needed.client_encoding = client_encoding;
  return { database, role, searchPath, settings: needed, prepared: /execute/i.test(task.text) ? prepared : null };
}
