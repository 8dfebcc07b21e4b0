import type { RevealsPort } from "../api/index.js";
import { checkRevealable, createReveal, revealMatter, type TokenSource } from "../masking/index.js";
import type { PolicySource, TokenMaking } from "../policy/index.js";
import type { Recorder } from "../recording/index.js";
import { notRevealable, type Review, type Reviews } from "../reviews/index.js";
import { HoopError, type Subject } from "../vocabulary/index.js";

export interface RevealsParts {
  readonly reviews: Reviews;
  readonly policy: PolicySource;
  readonly recorder: Recorder;
  /** The key that tokens are made with. */
  readonly key: Buffer;
}

type Asked = Parameters<RevealsPort["request"]>[1];

/** Values behind tokens: asked for, approved by people, shown once, written down before that. */
export function createReveals({ reviews, policy, recorder, key }: RevealsParts): RevealsPort {
  function record(entry: { subject: Subject; review: string; outcome: string }, after: object): Promise<void> {
    return new Promise((resolve, reject) => {
      recorder.append(
        {
          kind: "change",
          actor: { subject: entry.subject.id, name: entry.subject.name },
          what: entry.outcome === "revealed" ? "token.revealed" : "token.reveal-refused",
          target: entry.review,
          before: null,
          after,
        },
        (error) => (error === null ? resolve() : reject(error)),
      );
    });
  }

  return {
    async request(subject, asked) {
      // First whether they may ask at all: whoever may not learns nothing of purposes, forms and tokens.
      const terms = policy.current().revealTerms(subject, asked.purpose, Date.now());
      if (terms === null || terms.length === 0) throw notRevealable(asked.purpose);
      const source = sourceOf(policy.current().tokenMakings(asked.purpose, asked.column), asked);
      checkRevealable({ source, token: asked.token }, key);
      return reviews.requestReveal(subject, {
        purpose: asked.purpose,
        form: source.lastFour === true ? `${source.as}, last four kept` : source.as,
        column: asked.column,
        token: asked.token,
        reason: asked.because,
        matter: revealMatter({ source, token: asked.token }),
      });
    },
    async open(subject, id) {
      const { review } = await reviews.view(id, subject, false);
      const wish = review.head.reveal;
      if (wish === undefined) throw new HoopError("invalid", `review ${id} is not about a token`);
      if (review.requester.id !== subject.id)
        throw new HoopError("denied", "only who asked is shown the value", { hint: "reviewers decide, and see none" });
      if (review.state !== "approved") throw notNow(review);
      const { purpose, column, token } = wish;
      const about = { purpose, ...(column === null ? {} : { column }), form: wish.form, token };
      const { reveal } = createReveal({
        key,
        approvals: { isApproved: (given, whom, what) => reviews.useReveal(given, whom, what) },
        record: (entry) => record(entry, about),
      });
      return reveal({ subject, review: id, source: sourceFrom(wish.matter), token });
    },
  };
}

/** How the token was made, by the rules. */
function sourceOf(makings: readonly TokenMaking[], { purpose, column, as }: Asked): TokenSource {
  const forms = new Map<string, TokenSource>();
  for (const { as: form = "text", lastFour } of makings)
    forms.set(`${form} ${lastFour}`, { purpose, as: form, ...(lastFour ? { lastFour } : {}) });
  const where = column === null ? `the purpose ${purpose}` : `${column} under the purpose ${purpose}`;
  if (forms.size === 0)
    throw new HoopError("unsupported", `no rule makes tokens of ${where}`, {
      hint: "What the methods redact, partial, hash and fixed show cannot be turned back.",
    });
  // Integers are enciphered as such whatever the rule's form, and no token says that it was one.
  if (as === "integer") return { purpose, as };
  const fitting = [...forms.values()].filter((form) => as === null || form.as === as);
  if (fitting.length === 1) return fitting[0]!;
  const known = [...new Set([...forms.values()].map((form) => form.as))].join(", ");
  throw new HoopError("invalid", `tokens of ${where} are made in these forms: ${known}`, {
    hint: fitting.length === 0 ? "say one of them" : "name the column, or the form",
  });
}

/** As `revealMatter` put it down when it was asked for: rules that changed since do not change what was approved. */
function sourceFrom(matter: string): TokenSource {
  const [, purpose, as, lastFour] = JSON.parse(matter) as [string, string, TokenSource["as"], boolean];
  return { purpose, as, ...(lastFour ? { lastFour } : {}) };
}

function notNow({ id, state }: Review): HoopError {
  if (state === "pending")
    return new HoopError("precondition-failed", `review ${id} still waits for a decision`, {
      hint: `hoop review show ${id} --wait`,
    });
  if (state === "used")
    return new HoopError("conflict", `the value was shown already, under ${id}: an approval counts once`, {
      hint: "ask again",
    });
  return new HoopError("conflict", `review ${id} is ${state}`, { hint: "ask again" });
}
