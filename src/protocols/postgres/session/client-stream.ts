import type { Effort } from "../../../masking/index.js";
import { RowBatch } from "../row-batch.js";
import { Breather } from "./breather.js";
import type { Core } from "./core.js";
import type { Pending } from "./pending.js";

/** What goes to the client, in order: bytes as they are, behind the rows before them that a mask rewrote. */
export class ClientStream {
  readonly breather: Breather;
  readonly #core: Core;
  readonly #batch = new RowBatch();

  constructor(core: Core, effort: Effort) {
    this.#core = core;
    this.breather = new Breather(core, effort);
  }

  send(bytes: Buffer): void {
    this.flush();
    this.#core.out.send("client", bytes);
  }

  flush(): void {
    const rows = this.#batch.take();
    if (rows !== null) this.#core.out.send("client", rows);
  }

  /** A DataRow under the mask of its columns. */
  row(head: Pending, masker: NonNullable<Pending["masker"]>, bytes: Buffer, at: number, length: number): void {
    if (!this.#batch.empty && !this.#batch.holds(bytes)) this.flush();
    this.breather.begins();
    head.maskedCells += masker.mask(bytes, at, length, this.#batch);
    this.breather.rests();
  }

  /** A piece of a COPY under a mask. */
  copyRow(head: Pending, bytes: Buffer, at: number, length: number): void {
    head.rows++;
    if (!this.#batch.empty && !this.#batch.holds(bytes)) this.flush();
    this.breather.begins();
    head.maskedCells += head.copyMasker!.mask(bytes, at, length, this.#batch);
    this.breather.rests();
  }
}
