import type { Answer } from "../../../protocol/index.js";
import { encodeDescribe } from "../codec/frontend.js";
import type { Portal } from "../statements.js";
import { type SqlFacts, sqlFacts } from "./context.js";
import type { Conversation } from "./conversation.js";
import { disturbsCursors } from "./cursors.js";
import { type Held, textOf } from "./held.js";
import { Pending } from "./pending.js";
import { WordSearch } from "./word-search.js";

/** Names that one session may keep, and what their texts and values may take. */
const maxNames = 100_000;
const maxTextBytes = 256 * 1024 * 1024;
const maxPortalBytes = 64 * 1024 * 1024;
/** With what the target told of their columns, when it was too late to refuse the portal: then the session ends. */
export const maxPortalsTold = 2 * maxPortalBytes;

type Allowed = Extract<Answer, { outcome: "allow" }>;

/** Sends what was allowed on its way, and remembers what its replies will mean. */
export class Forwarder {
  readonly #conversation: Conversation;
  #textBytes = 0;
  #portalBytes = 0;
  readonly #copy = new WordSearch(/\bcopy\b/i);

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  /** True: the texts of this session's statements take too much already. */
  statementsFull(more: number): boolean {
    const { statements } = this.#conversation;
    if (statements.size < maxNames && this.#textBytes + more <= maxTextBytes) return false;
    // Closed and replaced ones are still counted in.
    this.#textBytes = statements.weight;
    return statements.size >= maxNames || this.#textBytes + more > maxTextBytes;
  }

  /** True: this session's open portals keep too much already. */
  portalsFull(frame: Buffer): boolean {
    const { portals } = this.#conversation;
    this.#portalBytes = Math.max(this.#portalBytes, portals.weight);
    if (portals.size < maxNames && this.#portalBytes + frame.length <= maxPortalBytes) return false;
    this.#portalBytes = portals.weight;
    return portals.size >= maxNames || this.#portalBytes + frame.length > maxPortalBytes;
  }

  /** A message of the client that was allowed. */
  send(held: Exclude<Held, { kind: "later" }>, answer: Allowed): void {
    const conversation = this.#conversation;
    const facts = sqlFacts(answer.analysis);
    if (held.kind !== "parse") conversation.cursors.ran(textOf(held), answer.analysis);
    switch (held.kind) {
      case "query":
        this.#sendQuery(held, answer, facts);
        return;
      case "function": {
        const pending = new Pending("function");
        pending.ask = held.ask;
        pending.masks = answer.masks;
        pending.meter = answer.meter ?? null;
        this.#ran(held.text, facts);
        conversation.turnEnds(held.frame, pending);
        return;
      }
      case "parse": {
        const statement = held.statement!;
        const pending = new Pending("parse");
        pending.ask = held.ask;
        pending.masks = answer.masks;
        pending.statement = statement;
        this.#textBytes += statement.size;
        conversation.statements.propose(statement.name, statement, conversation.segment);
        conversation.pipelined(held.frame, pending);
        return;
      }
      case "bind":
        this.#sendBind(held, answer, facts);
        return;
      case "execute": {
        const portal = held.portal!;
        portal.cursorsAt = held.cursors === undefined ? null : conversation.turn;
        this.renewed(portal, held.ask, answer);
        this.execute(held.frame, portal);
        return;
      }
    }
  }

  /** A portal was asked about again. */
  renewed(portal: Portal, ask: number, answer: Allowed): void {
    portal.ask = ask;
    portal.masks = answer.masks;
    portal.masker = answer.masks === null ? null : undefined;
    portal.meter = answer.meter ?? null;
    portal.reader = unreadFor(answer);
    portal.epoch = this.#conversation.epoch;
    if (answer.expects !== undefined) portal.expects = answer.expects;
    if (portal.masker === undefined || portal.reader === undefined) this.#describe(portal);
  }

  /** A query of the client that runs as a question of ours: what it changes of the session is the same. */
  ranAside(held: Extract<Held, { kind: "query" }>, answer: Allowed): void {
    this.#conversation.cursors.ran(held.text, answer.analysis);
    this.#ran(held.text, sqlFacts(answer.analysis));
    this.#conversation.portals.forget("");
  }

  /** A portal of the client that runs as a question of ours. */
  portalRanAside(portal: Portal): void {
    if (portal.disturbsCursors) this.#conversation.cursors.forget();
    this.#conversation.executedUnsynced = true;
    this.#ran(portal.statement.text, portal);
  }

  #ran(text: string, facts: Pick<SqlFacts, "changesContext" | "changesCatalogue">): void {
    const conversation = this.#conversation;
    conversation.turn++;
    conversation.defining ||= facts.changesCatalogue;
    // What portals that are open call may mean something else from here on: they are asked anew.
    if (facts.changesCatalogue || facts.changesContext) conversation.epoch++;
    conversation.context.ran(text, facts.changesContext);
  }

  #sendQuery(held: Extract<Held, { kind: "query" }>, answer: Allowed, facts: SqlFacts): void {
    const conversation = this.#conversation;
    const pending = new Pending("query");
    pending.ask = held.ask;
    pending.masks = answer.masks;
    pending.masker = answer.masks === null ? null : undefined;
    pending.meter = answer.meter ?? null;
    pending.reader = unreadFor(answer);
    pending.copyText = held.text;
    pending.copyColumns = held.columns;
    this.#ran(held.text, facts);
    conversation.turnEnds(held.frame, pending);
    // A simple query ends what was left of the unnamed ones.
    conversation.portals.forget("");
    this.#mayCopy(pending, held.text);
  }

  #sendBind(held: Extract<Held, { kind: "bind" }>, answer: Allowed, facts: SqlFacts): void {
    const conversation = this.#conversation;
    const bytes = held.frame.length + held.statement!.size;
    if (held.portal !== "") this.#portalBytes += bytes;
    const portal: Portal = {
      name: held.portal,
      statement: held.statement!,
      // A view would keep the whole chunk that it came in; of the unnamed portal there is only one.
      formats: held.portal === "" ? held.formats : Buffer.from(held.formats),
      values: held.portal === "" ? held.values : held.values.map((value) => value && Buffer.from(value)),
      bytes,
      told: 0,
      changesContext: facts.changesContext,
      changesCatalogue: facts.changesCatalogue,
      readAs: conversation.context.readAs,
      disturbsCursors: disturbsCursors(answer.analysis),
      copyColumns: held.columns,
      ask: held.ask,
      masks: answer.masks,
      epoch: conversation.epoch,
      masker: answer.masks === null ? null : undefined,
      meter: answer.meter ?? null,
      reader: unreadFor(answer),
      turn: conversation.turn,
      cursorsAt: held.cursors === undefined ? null : conversation.turn,
      expects: answer.expects ?? null,
    };
    const pending = new Pending("bind");
    pending.ask = held.ask;
    pending.masks = answer.masks;
    pending.portal = portal;
    conversation.portals.propose(held.portal, portal, conversation.segment);
    conversation.pipelined(held.frame, pending);
    // Planning may run functions.
    if (facts.changesContext) this.#ran(portal.statement.text, facts);
    portal.turn = conversation.turn;
    portal.epoch = conversation.epoch;
    // The client may execute without ever asking for the columns.
    if (portal.masker === undefined || portal.reader === undefined) this.#describe(portal);
  }

  #describe(portal: Portal): void {
    const pending = new Pending("describe", true);
    pending.portal = portal;
    pending.masks = portal.masks;
    pending.ask = portal.ask;
    this.#conversation.pipelined(encodeDescribe("portal", portal.name), pending);
  }

  /** An Execute under the answer that its portal has. */
  execute(frame: Buffer, portal: Portal): void {
    const conversation = this.#conversation;
    const pending = new Pending("execute");
    pending.ask = portal.ask;
    pending.masks = portal.masks;
    pending.portal = portal;
    pending.meter = portal.meter;
    pending.copyText = portal.statement.text;
    pending.copyColumns = portal.copyColumns;
    conversation.executedUnsynced = true;
    if (portal.disturbsCursors) conversation.cursors.forget();
    conversation.pipelined(frame, pending);
    const others = conversation.turn !== portal.turn;
    const sameCursors = portal.cursorsAt === conversation.turn;
    this.#ran(portal.statement.text, portal);
    // Its own runs do not make it stale, but for what they define.
    if (!others) portal.turn = conversation.turn;
    if (sameCursors) portal.cursorsAt = conversation.turn;
    if (!portal.changesCatalogue) portal.epoch = conversation.epoch;
    this.#mayCopy(pending, portal.statement.text);
  }

  #mayCopy(pending: Pending, text: string): void {
    if (this.#conversation.replication === null && !this.#copy.in(text)) return;
    this.#conversation.copy = { pending, wanted: false, sent: false, heldSync: false };
  }
}

/** Whose data a row is cannot be read from it before its columns are told. */
function unreadFor({ meter }: Allowed): undefined | null {
  return meter !== undefined && meter.subjects.length > 0 ? undefined : null;
}
