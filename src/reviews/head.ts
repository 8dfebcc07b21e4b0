import { type Analysis, HoopError, type Reason } from "../vocabulary/index.js";
import { reviewLimits } from "./limits.js";
import type { AccessWish, RevealWish, ReviewBody, ReviewHead, RunWish } from "./review.js";

/** What is shown at once of what may be very long. Throws HoopError `too-large` where nobody could review it. */
export function headOf(
  body: ReviewBody,
  more: {
    readonly database: string | null;
    readonly role: string | null;
    readonly analysis: Analysis | null;
    readonly reasons: readonly Reason[];
    readonly wish: AccessWish | null;
    readonly reveal?: RevealWish | undefined;
    readonly run?: RunWish | undefined;
  },
): ReviewHead {
  const size = [body.text, ...(body.values ?? []), ...body.transaction].reduce(
    (sum, text) => sum + (text?.length ?? 0),
    0,
  );
  if (size > reviewLimits.body)
    throw new HoopError("too-large", "the statement with its values is larger than what can be put before reviewers", {
      hint: "split it",
    });
  return {
    text: cut(body.text, reviewLimits.shownText),
    textLength: body.text.length,
    values:
      body.values?.slice(0, reviewLimits.shownValues).map((value) => value && cut(value, reviewLimits.shownValue)) ??
      null,
    valuesCount: body.values?.length ?? 0,
    transaction: body.transaction
      .slice(-reviewLimits.shownTransaction)
      .map((text) => cut(text, reviewLimits.shownTransactionText)),
    transactionCount: body.transaction.length,
    database: more.database,
    role: more.role,
    analysis: more.analysis && boundedAnalysis(more.analysis),
    reasons: more.reasons.slice(0, 20),
    wish: more.wish,
    ...(more.reveal === undefined ? {} : { reveal: more.reveal }),
    ...(more.run === undefined ? {} : { run: boundedRun(more.run) }),
  };
}

/** Never between the halves of a surrogate pair. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? most - 1 : most);
}

/** Values and texts are cut; the body has them whole. */
function boundedRun(run: RunWish): RunWish {
  return {
    ...run,
    parameters: run.parameters.map(({ name, value }) => ({
      name,
      value: value && cut(value, reviewLimits.shownValue),
    })),
    steps: run.steps.map((step) => ({
      ...step,
      sends: cut(step.sends, reviewLimits.shownTransactionText),
      reasons: step.reasons.slice(0, 5).map((reason) => cut(reason, 500)),
    })),
  };
}

/** A plain analysis: the analyser's own may carry more than is ours to keep. */
function boundedAnalysis({ shape, effects, resources, attributes: all, unknowns, sealed = [] }: Analysis): Analysis {
  // What the asker wrote is in the body, which is sealed; reviewers read it there.
  const attributes = Object.fromEntries(Object.entries(all).filter(([name]) => !sealed.includes(name)));
  const plain = { shape, effects, resources, attributes, unknowns };
  if (JSON.stringify(plain).length <= reviewLimits.analysis) return plain;
  return {
    shape: cut(shape, 2_048),
    effects,
    resources: resources.slice(0, 50),
    attributes: {},
    unknowns: [...unknowns.slice(0, 10).map((text) => cut(text, 500)), "there is more than can be shown here"],
  };
}
