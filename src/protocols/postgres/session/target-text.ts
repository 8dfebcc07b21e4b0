import type { Mask, ScanPlan } from "../../../vocabulary/index.js";
import { encodeReport, readReport } from "../codec/backend.js";
import { body } from "../codec/frontend.js";
import { maskFunctionResult, maskNotification, maskParameter, maskReport, stateCode } from "../masked-text.js";
import { TextScan } from "../scanned-text.js";
import type { Conversation } from "./conversation.js";
import type { Pending } from "./pending.js";

/** An error of the target: what the client is shown of it, and what may be written down. */
export interface ToldError {
  readonly severity: string;
  readonly code: string;
  readonly text: string;
  readonly shown: Buffer;
}

/** What the target says besides rows, where it may quote masked values: reports, notifications, settings, results of functions. */
export class TargetText {
  readonly #conversation: Conversation;
  /** Looking for values is about to begin: who takes long gives up his turn. */
  readonly #begins: () => void;
  /** Reports may quote masked values until the transaction ends: deferred constraints speak at COMMIT. */
  #mask: Mask | null = null;
  /** The last mask of this session: what is reported while nothing of the client is under way may be late. */
  #last: Mask | null = null;
  /** Looks for values in reports, by the plan of the last statement that was judged. */
  #values: { readonly of: ScanPlan; readonly scan: TextScan } | null = null;

  constructor(conversation: Conversation, begins: () => void) {
    this.#conversation = conversation;
    this.#begins = begins;
  }

  /** False: what the target says passes as it is. */
  rewrites(head: Pending | undefined): boolean {
    return this.#maskFor(head) !== null || this.#scanFor(head) !== null;
  }

  /** The same of a notice. */
  rewritesNotice(head: Pending | undefined): boolean {
    return this.#maskOfReport(head) !== null || this.#scanFor(head) !== null;
  }

  /** A reply is complete: its mask holds on. */
  remember({ masks }: Pending): void {
    if (masks?.text != null) this.#hold(masks.text);
  }

  transactionEnded(): void {
    this.#mask = null;
  }

  notice(head: Pending | undefined, frame: Buffer): Buffer {
    const fields = readReport(body(frame, 0, frame.length));
    const mask = this.#maskOfReport(head);
    const scan = this.#scanFor(head);
    if (mask !== null) return maskReport("notice", fields, mask, this.#conversation.maskKey);
    return scan === null ? frame : scan.report("notice", fields, frame);
  }

  notification(head: Pending | undefined, frame: Buffer): Buffer {
    const { maskKey, context } = this.#conversation;
    const mask = this.#maskFor(head);
    const scan = this.#scanFor(head);
    const reader = body(frame, 0, frame.length);
    if (mask !== null) return maskNotification(reader, mask, maskKey, context.codec);
    return scan === null ? frame : scan.notification(reader, frame, context.codec);
  }

  functionResult(head: Pending, frame: Buffer): Buffer {
    if (head.masks?.scan?.alone === true && this.#scanFor(head)!.isHarmless(frame)) return frame;
    head.maskedCells++;
    return maskFunctionResult();
  }

  /** What is shown of a setting in place of it; null: it passes as it is. */
  parameter(name: string, value: string, frame: Buffer): Buffer | null {
    const scan = this.#values?.scan ?? null;
    if (this.#mask !== null) return maskParameter(name, value, frame, this.#mask, this.#conversation.maskKey);
    return scan === null ? null : scan.parameter(name, value, frame);
  }

  error(head: Pending | undefined, frame: Buffer): ToldError {
    const mask = this.#maskOfReport(head);
    const said = readReport(body(frame, 0, frame.length));
    const scan = mask === null ? this.#scanFor(head) : null;
    const fields = scan === null ? said : scan.fields(said);
    let shown = frame;
    if (mask !== null) shown = maskReport("error", fields, mask, this.#conversation.maskKey);
    else if (fields !== said) shown = encodeReport("error", [...fields]);
    const code = stateCode(fields.get("C") ?? "");
    return {
      severity: said.get("V") ?? said.get("S") ?? "ERROR",
      code,
      text: mask === null ? (fields.get("M") ?? "") : `(masked) SQLSTATE ${code}`,
      shown,
    };
  }

  #maskFor(head: Pending | undefined): Mask | null {
    const mask = head?.masks?.text ?? null;
    if (this.#mask === null && mask !== null) this.#hold(mask);
    return this.#mask;
  }

  #maskOfReport(head: Pending | undefined): Mask | null {
    return this.#maskFor(head) ?? (head === undefined ? this.#last : null);
  }

  #hold(mask: Mask): void {
    this.#mask = mask;
    this.#last = mask;
  }

  #scanFor(head: Pending | undefined): TextScan | null {
    this.#begins();
    if (head !== undefined && head.ask !== 0) {
      const plan = head.masks?.scan ?? null;
      const { maskKey, notes } = this.#conversation;
      if (plan === null) this.#values = null;
      else if (plan !== this.#values?.of)
        this.#values = { of: plan, scan: new TextScan(plan, maskKey, notes.detected) };
    }
    return this.#values?.scan ?? null;
  }
}
