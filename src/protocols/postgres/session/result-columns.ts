import type { MaskPlan } from "../../../vocabulary/index.js";
import type { FieldDescription } from "../codec/backend.js";
import { createRowMasker, unknownRelations } from "../masking.js";
import { scanCells } from "../scan-cells.js";
import type { Portal } from "../statements.js";
import { createSubjectReader } from "../subject-reader.js";
import type { Conversation } from "./conversation.js";
import type { Pending } from "./pending.js";

/** Fields of a result that wait for the plan to be made with their relations looked up. */
interface Lookup {
  readonly id: number;
  readonly fields: readonly FieldDescription[];
  readonly pending: Pending;
  readonly portal: Portal | null;
}

/** The columns of results, as the target tells them: what masks and counts their rows, once it is known where they come from. */
export class ResultColumns {
  readonly #conversation: Conversation;
  #lookup: Lookup | null = null;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  /** The rows that follow wait: the origin of their columns is looked up. */
  get waits(): boolean {
    return this.#lookup !== null;
  }

  /** The columns of a result are known now. */
  described(pending: Pending, portal: Portal | null, fields: readonly FieldDescription[]): void {
    if (portal !== null) portal.fields = fields;
    const counts = portal ?? pending;
    if (counts.reader === undefined)
      counts.reader = createSubjectReader(fields, counts.meter?.subjects ?? [], pending.answered);
    const { masks } = pending;
    if (masks === null) {
      setMasker(pending, portal, null);
      return;
    }
    const unknown = unknownRelations(fields, masks, pending.answered);
    if (unknown.length === 0 || pending.ask === 0) {
      setMasker(pending, portal, this.#rowMasker(fields, masks, pending.answered));
      return;
    }
    this.#lookup = { id: this.#conversation.lookup(pending.ask, unknown), fields, pending, portal };
  }

  /** True: what waited for it can go on. */
  lookedUp(id: number, masks: MaskPlan | null): boolean {
    const lookup = this.#lookup;
    if (lookup === null || lookup.id !== id) return false;
    this.#lookup = null;
    const { pending, portal, fields } = lookup;
    pending.masks = masks;
    if (portal !== null) portal.masks = masks;
    setMasker(pending, portal, masks === null ? null : this.#rowMasker(fields, masks, pending.answered));
    return true;
  }

  waitsFor(id: number): boolean {
    return this.#lookup?.id === id;
  }

  #rowMasker(fields: readonly FieldDescription[], masks: MaskPlan, statement: number): Pending["masker"] {
    const { maskKey, notes } = this.#conversation;
    return createRowMasker(fields, masks, maskKey, statement, scanCells(masks, maskKey, notes.detected));
  }
}

function setMasker(pending: Pending, portal: Portal | null, masker: Pending["masker"]): void {
  if (portal !== null) portal.masker = masker;
  else pending.masker = masker;
}
