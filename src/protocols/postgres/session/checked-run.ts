import type { ExpectedEffect } from "../../../protocol/index.js";
import type { MaskPlan } from "../../../vocabulary/index.js";
import { encodeCommandComplete, encodeReadyForQuery } from "../codec/backend.js";
import { transactionStatus } from "../codec/types.js";
import { encodeOwnReport, type Report } from "../errors.js";
import type { Portal } from "../statements.js";
import type { Conversation } from "./conversation.js";
import type { Held } from "./held.js";
import type { OwnQuestion, OwnWork } from "./own-work.js";
import { Pending } from "./pending.js";

type Query = Extract<Held, { kind: "query" }>;

/** What did happen, as far as it is compared. */
interface Effect {
  readonly rows: number;
  readonly keys: string | null;
}

/** An approved write that runs under our eyes, and how its client is told what became of it. */
interface CheckedRun {
  readonly expects: ExpectedEffect;
  readonly ask: number;
  readonly masks: MaskPlan | null;
  readonly question: OwnQuestion;
  /** It went as it was rehearsed; `reply` is not noted yet. */
  done(tag: string, reply: Pending): void;
  /** The target refused it. */
  failed(frame: Buffer): void;
  /** It went otherwise: what it did must not stay. */
  differs(report: Report): void;
}

/** Whether all before it is through: then what runs, and what came of it, is its own. */
export function canCheck(conversation: Conversation, { ran }: ExpectedEffect, text: string): boolean {
  // What runs instead of the client's own bytes is written in UTF-8.
  const writable = conversation.context.codec.utf8 || !/[^\x20-\x7e\s]/.test(ran ?? text);
  return writable && conversation.settled && !conversation.working && conversation.status !== transactionStatus.failed;
}

/**
 * Runs an approved query and compares what it did with what its reviewers saw. Outside of a transaction it runs inside of
 * one of ours, which is committed or taken back. Inside of the client's own, a difference fails that transaction, as any error
 * would: nothing of it can be committed. The client sees one statement and its reply; `over` is called when it has it.
 */
export function runCheckedQuery(
  conversation: Conversation,
  held: Query,
  masks: MaskPlan | null,
  expects: ExpectedEffect,
  over: () => void,
): void {
  const under = { masks };
  const alone = conversation.status === transactionStatus.idle;
  const question = { text: expects.ran === null ? held.raw : Buffer.from(expects.ran, "utf8") };
  const answer = (frame: Buffer): void => {
    conversation.target.toClient(Buffer.concat([frame, encodeReadyForQuery(conversation.status)]));
    over();
  };

  if (!alone)
    return check(conversation, [], {
      ...{ expects, ask: held.ask, masks, question },
      done(tag, reply) {
        conversation.notes.note(reply, "ok");
        answer(encodeCommandComplete(tag));
      },
      failed: answer,
      // What cannot be parsed fails a transaction, and runs nothing.
      differs: (report) =>
        own(conversation, [{ text: "hoop: not as it was rehearsed" }], under, () => {
          if (conversation.status !== transactionStatus.failed)
            return conversation.fail("what went otherwise than rehearsed could not be taken back");
          answer(encodeOwnReport(report));
        }),
    });

  const run: CheckedRun = {
    ...{ expects, ask: held.ask, masks, question },
    done: (tag, reply) =>
      own(conversation, [{ text: "COMMIT" }], under, ({ failure, answers }) => {
        // COMMIT of a transaction that has failed says ROLLBACK.
        const committed = failure === null && answers[0]!.tag === "COMMIT";
        const report = differentReport(expects, null);
        if (!committed) reply.error = { code: failure?.code ?? report.code, text: "it could not be committed" };
        conversation.notes.note(reply, committed ? "ok" : "error");
        answer(committed ? encodeCommandComplete(tag) : (failure?.frame ?? encodeOwnReport(report)));
      }),
    failed: (frame) => takeBack(() => answer(frame)),
    differs: (report) => takeBack(() => answer(encodeOwnReport(report))),
  };
  check(conversation, [{ text: "BEGIN" }], run);

  function takeBack(then: () => void): void {
    own(conversation, [{ text: "ROLLBACK" }], under, (work) => {
      if (work.failure !== null && conversation.status !== transactionStatus.idle)
        return conversation.fail("a transaction of Hoop's own could not be ended");
      then();
    });
  }
}

/**
 * The same for a portal, in its place among the client's messages. What it did is committed by nobody but the client: by its
 * Sync, or with its transaction. A difference fails the pipeline, as any error would, so that neither can.
 */
export function runCheckedPortal(
  conversation: Conversation,
  portal: Portal,
  expects: ExpectedEffect,
  failed: (frame: Buffer) => void,
  over: () => void,
): void {
  const { statement, values, formats } = portal;
  check(conversation, [], {
    ...{ expects, ask: portal.ask, masks: portal.masks },
    question: {
      text: Buffer.from(expects.ran ?? statement.text, "utf8"),
      values,
      // What the target told of parameters without a type is no longer a guess.
      reading: { formats, types: statement.parameters ?? statement.types },
    },
    done(tag, reply) {
      conversation.notes.note(reply, "ok");
      conversation.target.toClient(encodeCommandComplete(tag));
      over();
    },
    failed,
    differs(report) {
      conversation.executedUnsynced = true;
      conversation.refuse(report, "pipelined");
      over();
    },
  });
}

function check(conversation: Conversation, before: readonly OwnQuestion[], run: CheckedRun): void {
  const { expects, masks, question } = run;
  const reply = new Pending("query");
  reply.ask = run.ask;
  const differs = (effect: Effect | null): void => {
    const report = differentReport(expects, effect);
    reply.error = { code: report.code, text: report.message };
    conversation.notes.note(reply, "error");
    run.differs(report);
  };
  own(conversation, [...before, question], { masks }, (work) => {
    if (work.failure !== null) {
      reply.error = { code: work.failure.code, text: "the target refused it" };
      conversation.notes.note(reply, "error");
      return run.failed(work.failure.frame ?? encodeOwnReport(differentReport(expects, null)));
    }
    const effect = effectOf(work.answers[before.length]!, expects);
    if (effect === null || effect.rows !== expects.rows || effect.keys !== expects.keys) return differs(effect);
    reply.tag = expects.verb === "INSERT" ? `INSERT 0 ${effect.rows}` : `${expects.verb} ${effect.rows}`;
    run.done(reply.tag, reply);
  });
}

/** Nothing is done any more when the session ends: what is open at the target is taken back as it goes. */
function own(
  conversation: Conversation,
  questions: readonly OwnQuestion[],
  under: { masks: MaskPlan | null },
  done: (work: OwnWork) => void,
): void {
  conversation.own(
    questions,
    (work) => {
      if (!conversation.core.ended && !conversation.ending.pending) done(work);
    },
    under,
  );
}

function effectOf({ rows: found, tag }: OwnWork["answers"][number], { ran, verb }: ExpectedEffect): Effect | null {
  if (ran !== null) {
    const [rows, keys] = found[0] ?? [];
    return rows == null || keys == null
      ? null
      : { rows: Number(rows.toString("latin1")), keys: keys.toString("latin1") };
  }
  const words = tag?.split(" ") ?? [];
  return words[0] === verb ? { rows: Number(words.at(-1)), keys: null } : null;
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
