import type { z } from "zod";
import type {
  Rehearsal,
  RevealWish,
  Review,
  ReviewComment,
  ReviewView,
  RunWish,
  StoredGrant,
} from "../reviews/index.js";
import type { Subject } from "../vocabulary/index.js";
import type { ApiDeps } from "./deps.js";
import type { commentSchema, grantSchema, reviewSchema, reviewSummarySchema } from "./review-schemas.js";

type Summary = z.infer<typeof reviewSummarySchema>;
type Whole = z.infer<typeof reviewSchema>;

const time = (ms: number) => new Date(ms).toISOString();
const timeOrNull = (ms: number | null) => (ms === null ? null : time(ms));
const previewLength = 300;

/** Whether somebody sees a review because it is theirs to ask or decide, and not as an auditor alone. */
export function isParty({ review, can }: ReviewView, by: Subject): boolean {
  return (
    review.requester.id === by.id ||
    review.onBehalfOf?.id === by.id ||
    can.approve ||
    can.deny ||
    review.decisions.some((decision) => decision.by.id === by.id) ||
    // Over, and nothing can be done with it any more: whoever could have decided still reads what it was.
    (by.kind === "person" &&
      review.terms.some(({ approvals }) =>
        approvals.some(({ groups }) => groups.some((group) => by.groups.includes(group))),
      ))
  );
}

export function shownSummary(view: ReviewView, by: Subject, deps: ApiDeps["reviewing"]): Summary {
  const { review, missing, can } = view;
  return {
    id: review.id,
    kind: review.kind,
    state: review.state,
    requester: { ...review.requester },
    onBehalfOf: review.onBehalfOf === null ? null : { ...review.onBehalfOf },
    connections: review.connections.map(({ name }) => name),
    preview: preview(view, by, deps),
    reasons: review.head.reasons.map((reason) => ({ ...reason })),
    openedAt: time(review.openedAt),
    expiresAt: time(review.expiresAt),
    endedAt: timeOrNull(review.endedAt),
    ending: endingWords(review),
    missing,
    breakGlass: review.decisions.some(({ verdict }) => verdict === "break-glass"),
    escalated: review.escalated.length > 0,
    can: { ...can },
    link: deps.link(review.id),
    version: review.version,
  };
}

function preview(view: ReviewView, by: Subject, deps: ApiDeps["reviewing"]): string {
  const { head, kind, connections } = view.review;
  if (head.wish !== null) return `${head.wish.effects.join(", ")} on ${connections.map(({ name }) => name).join(", ")}`;
  if (head.reveal !== undefined) return revealWords(head.reveal);
  if (head.run !== undefined) return runWords(head.run, isParty(view, by));
  if (kind === "session" && head.text === "") return `a session on ${connections[0]?.name ?? ""}`;
  const text = isParty(view, by) ? head.text : (deps.show(head.text) ?? "(not shown)");
  return text.length > previewLength ? `${text.slice(0, previewLength)}…` : text;
}

const revealWords = ({ purpose, column }: RevealWish) =>
  `the value behind a token of the purpose ${purpose}${column === null ? "" : ` (${column})`}`;

/** In a line: with what it was asked for, and its steps by name. */
function runWords({ runbook, version, parameters, steps }: RunWish, party: boolean): string {
  const given = parameters.flatMap(({ name, value }) => (value === null ? [] : [`${name}=${JSON.stringify(value)}`]));
  const names = steps.flatMap(({ name, phase }) => (phase === "step" ? [name] : []));
  const parts = [
    `runbook ${runbook}, version ${version}`,
    ...(party && given.length > 0 ? [`with ${given.join(", ")}`] : []),
    `steps: ${names.join(", ")}`,
  ];
  const text = parts.join("\n");
  return text.length > previewLength ? `${text.slice(0, previewLength)}…` : text;
}

const asks = ({ requester, onBehalfOf }: Review, { id }: Subject): boolean =>
  requester.id === id || onBehalfOf?.id === id;

export function shownReview(
  view: ReviewView,
  by: Subject,
  deps: ApiDeps["reviewing"],
  more: {
    readonly comments: readonly ReviewComment[];
    readonly rehearsal: Rehearsal | null;
    readonly grant: StoredGrant | null;
    readonly admin: boolean;
  },
): Whole {
  const { review, standing } = view;
  const { head } = review;
  const party = isParty(view, by);
  const lapsed = new Set(standing.lapsed.map(({ id }) => id));
  return {
    ...shownSummary(view, by, deps),
    session: review.session,
    statement: review.statement,
    text: party ? head.text : null,
    textLength: head.textLength,
    values: party && head.values !== null ? [...head.values] : null,
    valuesCount: head.valuesCount,
    transaction: party ? [...head.transaction] : [],
    transactionCount: head.transactionCount,
    database: head.database,
    role: head.role,
    analysis: head.analysis === null ? null : analysisOf(head.analysis),
    wish: head.wish === null ? null : { ...head.wish, effects: [...head.wish.effects] },
    reveal: shownWish(head.reveal, party),
    run: shownRun(head.run, party),
    rules: review.terms.map((terms) => ({
      rule: terms.rule,
      approvals: terms.approvals.map(({ count, groups }) => ({ count, groups: [...groups] })),
      reasonRequired: terms.reasonRequired,
      breakGlass: [...terms.breakGlass],
      escalate:
        terms.escalate === null
          ? null
          : { at: time(review.openedAt + terms.escalate.afterMs), groups: [...terms.escalate.groups] },
    })),
    decisions: review.decisions.map(({ by: who, verdict, reason, at }) => ({
      by: { ...who },
      verdict,
      reason,
      at: time(at),
      counts: !lapsed.has(who.id),
    })),
    comments: more.comments.map(shownComment),
    // A way to read rows without an approval otherwise: what it would change, whoever asks does not see.
    rehearsal: more.rehearsal === null || !party || asks(review, by) ? null : plainRehearsal(more.rehearsal),
    approvedAt: timeOrNull(review.approvedAt),
    useBy: timeOrNull(review.useBy),
    grant: more.grant === null ? null : shownGrant(more.grant),
    revocable: more.grant !== null && more.grant.ended === null && view.now < more.grant.until && (party || more.admin),
  };
}

function shownWish(wish: RevealWish | undefined, party: boolean): Whole["reveal"] {
  if (wish === undefined) return null;
  const { purpose, form, column, token, reason } = wish;
  return { purpose, form, column, token: party ? token : null, reason };
}

function shownRun(wish: RunWish | undefined, party: boolean): Whole["run"] {
  if (wish === undefined) return null;
  const { parameters, steps, ...rest } = wish;
  return {
    ...rest,
    parameters: party ? parameters.map((one) => ({ ...one })) : null,
    steps: steps.map((step) => ({ ...step, sends: party ? step.sends : null, reasons: [...step.reasons] })),
  };
}

function analysisOf({ shape, effects, resources, unknowns }: NonNullable<Review["head"]["analysis"]>) {
  return { shape, effects: [...effects], resources: resources.map((one) => ({ ...one })), unknowns: [...unknowns] };
}

function plainRehearsal(rehearsal: Rehearsal): NonNullable<Whole["rehearsal"]> {
  if (rehearsal.kind !== "tried") return { ...rehearsal };
  const rows = (list: typeof rehearsal.before) => list.map((row) => ({ ...row }));
  return {
    ...rehearsal,
    before: rows(rehearsal.before),
    after: rows(rehearsal.after),
    triggers: [...rehearsal.triggers],
    cascades: [...rehearsal.cascades],
  };
}

export function shownComment({ n, by, text, at }: ReviewComment): z.infer<typeof commentSchema> {
  return { n, by: { ...by }, text, at: time(at) };
}

/** Why it ended, for people. */
function endingWords({ ending, endedAt }: Review): string | null {
  if (ending === null || endedAt === null) return null;
  const words: Readonly<Record<typeof ending.why, string>> = {
    denied: `denied by ${ending.by}`,
    used: "approved and used",
    undecided: "nobody decided in time",
    unused: "approved, and not used in time",
    lapsed: "who approved it was disabled or left the group before it was used",
    withdrawn: `withdrawn by ${ending.by ?? "who asked"}`,
    cancelled: "the client cancelled it",
    disconnected: "the client went away",
    superseded: "the rules ask for something else now",
  };
  return words[ending.why];
}

export function shownGrant(grant: StoredGrant): z.infer<typeof grantSchema> {
  return {
    id: grant.id,
    subject: { ...grant.subject },
    connections: grant.connections.map(({ name }) => name),
    effects: [...grant.effects],
    ticket: grant.ticket,
    since: time(grant.since),
    until: time(grant.until),
    ended: grant.ended === null ? null : { ...grant.ended, at: time(grant.ended.at) },
  };
}
