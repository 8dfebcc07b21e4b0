import type { EndReason, Waiting } from "../../../protocol/index.js";
import type { HoopError } from "../../../vocabulary/index.js";
import { encodeTerminate } from "../codec/frontend.js";
import { encodeCancelRequest, encodeSslRequest } from "../codec/startup.js";
import { endReport, type Report } from "../errors.js";
import type { Conversation } from "./conversation.js";
import { comeBack } from "./waits.js";

const cutTimer = "cut";
/** How long a message on its way may take to end before the session is cut without last words. */
const cutMs = 400;

/** How a session ends: from outside at the boundary of a message, with last words, or because one of its sides has gone. */
export class Ending {
  readonly #conversation: Conversation;
  /** Not null: it ends as soon as the message that is on its way to the client has. */
  #pending: { readonly report: Report; readonly reason: EndReason } | null = null;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  get pending(): boolean {
    return this.#pending !== null;
  }

  begin(reason: EndReason): void {
    const { client, target, core } = this.#conversation;
    if (this.#pending !== null || core.ended) return;
    const drained = reason.code === "drained";
    this.#pending = { report: drained ? lastWords(reason, client.waiting) : endReport(reason), reason };
    client.withdraw(null, drained ? "restarted" : "disconnected");
    this.stopRunning();
    target.flushRows();
    if (!target.atBoundary) core.out.push({ kind: "timer", name: cutTimer, at: core.now + cutMs });
    this.boundary();
  }

  tick(name: string): void {
    if (name === cutTimer && this.#pending !== null) this.#conversation.core.end(this.#pending.reason);
  }

  /** A message to the client ended: the moment for last words. */
  boundary(): void {
    if (this.#pending === null || !this.#conversation.target.atBoundary) return;
    const { report, reason } = this.#pending;
    this.#pending = null;
    this.#leave(reason, report);
  }

  /** The client is gone: what runs for it is stopped. */
  clientGone(): void {
    this.#conversation.client.withdraw(null, "disconnected");
    this.stopRunning();
    this.#leave({ code: "client-closed", text: "the client closed the connection" });
  }

  /** The client said so itself (Terminate): the target ends when it is done, as without us. */
  terminated(): void {
    this.#leave({ code: "client-closed", text: "the client ended the session" });
  }

  targetGone(reason: HoopError | undefined): void {
    const { client, target, core } = this.#conversation;
    const { waiting } = client;
    client.withdraw(null, "restarted");
    target.finish();
    this.#forgetRunning();
    const text = target.lastFatal ?? reason?.message ?? "the target closed the connection";
    const end = { code: "target-closed", text } as const;
    // Its own last words have been passed on already; only without them is there something to add.
    const spoken = target.lastFatal !== null || !target.atBoundary;
    core.end(end, spoken ? undefined : lastWords(end, waiting));
  }

  /** Has the target stop what runs for the client, if anything does. */
  stopRunning(): void {
    for (const { kind, own, forClient } of this.#conversation.pending)
      if ((!own || forClient) && (kind === "query" || kind === "execute" || kind === "function"))
        return this.#cancelTarget();
  }

  /** Has the target stop what it runs; the id under which it is told when that has arrived, null: it takes no cancel. */
  stopTarget(): number | null {
    const { core } = this.#conversation;
    if (core.targetCancel === null) return null;
    const id = core.out.nextId();
    this.#cancelTarget(id);
    return id;
  }

  #cancelTarget(id?: number): void {
    const { targetCancel, targetTls, out } = this.#conversation.core;
    if (targetCancel === null) return;
    out.push({
      kind: "aside",
      bytes: encodeCancelRequest(targetCancel.processId, targetCancel.secret),
      tls: targetTls ? { request: encodeSslRequest(), accept: 0x53 } : null,
      ...(id === undefined ? null : { id }),
    });
  }

  #leave(reason: EndReason, report?: Report): void {
    this.#forgetRunning();
    const { core } = this.#conversation;
    core.out.send("target", encodeTerminate());
    core.end(reason, report);
  }

  #forgetRunning(): void {
    const { notes, pending } = this.#conversation;
    notes.defined();
    for (const one of pending) if (!one.own) notes.note(one, "unknown");
  }
}

function lastWords(reason: EndReason, waiting: Waiting | null): Report {
  return waiting === null ? endReport(reason) : { ...endReport(reason), ...comeBack(waiting) };
}
