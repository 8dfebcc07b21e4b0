import type { Answer, ExpectedEffect } from "../../../protocol/index.js";
import { encodeCommandComplete, encodeReadyForQuery } from "../codec/backend.js";
import { transactionStatus } from "../codec/types.js";
import { encodeOwnReport } from "../errors.js";
import type { Conversation } from "./conversation.js";
import type { Held } from "./held.js";
import type { OwnWork } from "./own-work.js";
import { Pending } from "./pending.js";

type Query = Extract<Held, { kind: "query" }>;
type Allowed = Extract<Answer, { outcome: "allow" }>;

/** What did happen, as far as it is compared. */
interface Effect {
  readonly rows: number;
  readonly keys: string | null;
}

/** Whether a statement can be run inside of a transaction of ours now: it is a turn of its own and nothing else is open. */
export function canCheck(conversation: Conversation, held: Held, { ran }: ExpectedEffect): held is Query {
  // What runs instead of the client's own bytes is written in UTF-8.
  const writable = ran === null || conversation.context.codec.utf8 || !/[^\x20-\x7e\s]/.test(ran);
  return (
    writable &&
    held.kind === "query" &&
    conversation.settled &&
    !conversation.working &&
    conversation.unsynced === 0 &&
    conversation.status === transactionStatus.idle
  );
}

/**
 * Runs an approved write inside of a transaction of ours and compares what it did with what its reviewers saw: the same is
 * committed, anything else is taken back. The client sees one statement and its reply; `over` is called when it has it.
 */
export function runChecked(
  conversation: Conversation,
  held: Query,
  { masks }: Allowed,
  expects: ExpectedEffect,
  over: () => void,
): void {
  const reply = new Pending("query");
  reply.ask = held.ask;
  const under = { masks };
  const text = expects.ran === null ? held.raw : Buffer.from(expects.ran, "utf8");

  conversation.own(
    [{ text: "BEGIN" }, { text }],
    (work) => {
      if (gone()) return;
      if (work.failure !== null) return takeBack(() => failed(work));
      const effect = effectOf(work, expects);
      if (effect === null || effect.rows !== expects.rows || effect.keys !== expects.keys)
        return takeBack(() => differs(effect));
      conversation.own([{ text: "COMMIT" }], (commit) => committed(commit, effect), under);
    },
    under,
  );

  /** The session ends: what is open at the target is taken back as it goes. */
  function gone(): boolean {
    return conversation.core.ended || conversation.ending;
  }

  function takeBack(then: () => void): void {
    conversation.own(
      [{ text: "ROLLBACK" }],
      (work) => {
        if (gone()) return;
        if (work.failure !== null && conversation.status !== transactionStatus.idle)
          return conversation.fail("a transaction of Hoop's own could not be ended");
        then();
      },
      under,
    );
  }

  function committed(work: OwnWork, { rows }: Effect): void {
    if (gone()) return;
    if (work.failure !== null) return failed(work);
    // COMMIT of a transaction that has failed says ROLLBACK.
    if (work.answers[0]!.tag !== "COMMIT") return differs(null);
    const tag = expects.verb === "INSERT" ? `INSERT 0 ${rows}` : `${expects.verb} ${rows}`;
    reply.rows = 0;
    reply.tag = tag;
    conversation.note(reply, "ok");
    answer(encodeCommandComplete(tag));
  }

  function failed({ failure }: OwnWork): void {
    reply.error = { code: failure!.code, text: "the target refused it" };
    conversation.note(reply, "error");
    answer(failure!.frame ?? encodeOwnReport(differentReport(expects, null)));
  }

  function differs(effect: Effect | null): void {
    const report = differentReport(expects, effect);
    reply.error = { code: report.code, text: report.message };
    conversation.note(reply, "error");
    answer(encodeOwnReport(report));
  }

  function answer(frame: Buffer): void {
    conversation.target.toClient(Buffer.concat([frame, encodeReadyForQuery(conversation.status)]));
    over();
  }
}

function effectOf({ answers }: OwnWork, { ran, verb }: ExpectedEffect): Effect | null {
  const answer = answers[1]!;
  if (ran !== null) {
    const [rows, keys] = answer.rows[0] ?? [];
    return rows == null || keys == null
      ? null
      : { rows: Number(rows.toString("latin1")), keys: keys.toString("latin1") };
  }
  const tag = answer.tag?.split(" ") ?? [];
  return tag[0] === verb ? { rows: Number(tag.at(-1)), keys: null } : null;
}

function differentReport({ rows, review }: ExpectedEffect, effect: Effect | null) {
  const now =
    effect === null
      ? "what it does now could not be told"
      : effect.rows === rows
        ? `the same number now, but other ones`
        : `now ${effect.rows}`;
  return {
    severity: "ERROR",
    code: "40001",
    message: `hoop: it was approved as rehearsed, rehearsed ${rows} rows, ${now}: it was taken back`,
    detail: `Review ${review} has been used.`,
    hint: "Run it again to have it rehearsed and reviewed as it is now.",
  } as const;
}
