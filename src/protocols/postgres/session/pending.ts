import type { Meter } from "../../../protocol/index.js";
import type { MaskPlan } from "../../../vocabulary/index.js";
import type { CopyMasker } from "../copy/copy-masker.js";
import type { RowMasker } from "../masking.js";
import type { ColumnOrigin, Portal, Statement } from "../statements.js";
import type { SubjectReader } from "../subject-reader.js";
import type { OwnWork } from "./own-work.js";

/** What a message makes the target (or us) answer. `refusal` and `refused-query` are answered by us when their turn comes. */
export type PendingKind =
  | "query"
  | "function"
  | "parse"
  | "bind"
  | "describe"
  | "execute"
  | "close"
  | "sync"
  | "poison"
  | "refusal"
  | "refused-query";

/** One message on its way: whose reply the client expects, in order. */
export class Pending {
  readonly kind: PendingKind;
  /** We sent it ourselves: the reply is not for the client. */
  readonly own: boolean;
  /** The ask that allowed it; 0: none was needed. */
  ask = 0;
  masks: MaskPlan | null = null;
  masker: RowMasker | null | undefined = null;
  copyMasker: CopyMasker | null | undefined = null;
  /** Counts its rows; null: nobody does. */
  meter: Meter | null = null;
  reader: SubjectReader | null | undefined = null;
  copyBinary = false;
  /** The target announced data of a COPY, and is not through with it. */
  copying = false;
  /** For a query: how many of its statements are through. */
  answered = 0;
  rows = 0;
  bytes = 0;
  maskedCells = 0;
  tag: string | undefined = undefined;
  error: { readonly code: string; readonly text: string } | undefined = undefined;
  statement: Statement | null = null;
  portal: Portal | null = null;
  /** For a Describe: the statement whose parameters the target will tell. */
  describes: Statement | null = null;
  /** For a Close: what it closes. */
  closes: { readonly kind: "statement" | "portal"; readonly name: string } | null = null;
  /** For a refusal or poison: the ErrorResponse that the client gets in its place. */
  refusal: Buffer | null = null;
  work: OwnWork | null = null;
  /** We sent it for a statement of the client, which may cancel it. */
  forClient = false;
  /** The last message of one of our questions. */
  endsQuestion = false;
  /** Its text and the origin of its columns, in case it turns out to be a COPY under a mask. */
  copyText = "";
  copyColumns: readonly ColumnOrigin[] | null = null;

  constructor(kind: PendingKind, own = false) {
    this.kind = kind;
    this.own = own;
  }

  /** Ends with ReadyForQuery. */
  get endsTurn(): boolean {
    return this.kind === "sync" || this.kind === "query" || this.kind === "function";
  }

  /** Runs something, so that rows may answer it. */
  get runs(): boolean {
    return this.kind === "query" || this.kind === "execute";
  }

  get local(): boolean {
    return this.kind === "refusal" || this.kind === "refused-query";
  }
}

/** The messages on their way, oldest first. */
export class PendingQueue {
  #items: Pending[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get head(): Pending | undefined {
    return this.#items[this.#head];
  }

  push(pending: Pending): void {
    this.#items.push(pending);
  }

  pop(): Pending | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  *[Symbol.iterator](): IterableIterator<Pending> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i]!;
  }
}
