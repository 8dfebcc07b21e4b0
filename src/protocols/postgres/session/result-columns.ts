import type { MaskPlan } from "../../../vocabulary/index.js";
import type { FieldDescription } from "../codec/backend.js";
import { createRowMasker, unknownRelations } from "../masking.js";
import { scanCells } from "../scan-cells.js";
import type { Portal } from "../statements.js";
import { createSubjectReader } from "../subject-reader.js";
import type { Conversation } from "./conversation.js";
import { maxPortalsTold } from "./forwarder.js";
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
    const counts = portal ?? pending;
    if (counts.reader === undefined)
      counts.reader = createSubjectReader(fields, counts.meter?.subjects ?? [], pending.answered);
    const { masks } = pending;
    if (masks === null) {
      this.#told(pending, portal, fields, null);
      return;
    }
    const unknown = unknownRelations(fields, masks, pending.answered);
    if (unknown.length === 0 || pending.ask === 0) {
      this.#told(pending, portal, fields, this.#rowMasker(fields, masks, pending.answered));
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
    this.#told(pending, portal, fields, masks === null ? null : this.#rowMasker(fields, masks, pending.answered));
    return true;
  }

  waitsFor(id: number): boolean {
    return this.#lookup?.id === id;
  }

  /** What is known of them is kept for as long as the portal: with all others it has a bound. */
  #told(pending: Pending, portal: Portal | null, { length }: readonly object[], masker: Pending["masker"]): void {
    if (portal === null) {
      pending.masker = masker;
      return;
    }
    const { portals, ending } = this.#conversation;
    portal.masker = masker;
    portal.told = masker == null && portal.reader == null ? 0 : length;
    portals.weighAgain(portal.name, portal);
    if (portals.weight <= maxPortalsTold) return;
    ending.begin({ code: "limited", text: "the open portals of this session have more columns than can be kept" });
  }

  #rowMasker(fields: readonly FieldDescription[], masks: MaskPlan, statement: number): Pending["masker"] {
    const { maskKey, notes } = this.#conversation;
    return createRowMasker(fields, masks, maskKey, statement, scanCells(masks, maskKey, notes.detected));
  }
}
