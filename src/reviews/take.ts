import { HoopError, type SubjectId } from "../vocabulary/index.js";
import type { ReviewJournal } from "./journal.js";
import { partyOf } from "./journal.js";
import type { FindPeople } from "./ports.js";
import type { Review } from "./review.js";
import type { People } from "./standing.js";
import { type Act, step } from "./step.js";
import type { ReviewStore, StoredGrant } from "./store.js";

export interface ActPorts {
  readonly store: ReviewStore;
  readonly people: FindPeople;
  readonly journal: ReviewJournal;
}

/** Tries of one act against others that come at the same moment. */
const tries = 8;

/** Everybody whose standing matters to a review. */
export function peopleOf(reviews: readonly Review[]): SubjectId[] {
  const ids = reviews.flatMap((review) => [
    review.requester.id,
    ...(review.onBehalfOf === null ? [] : [review.onBehalfOf.id]),
    ...review.decisions.map(({ by }) => by.id),
  ]);
  return [...new Set(ids)];
}

/**
 * Takes one step of a review: reads it, looks at people as they are now, and keeps the outcome if nobody was faster; else
 * once more. Then writes down what happened. Throws HoopError as `step` does, and `not-found`.
 */
export async function take(ports: ActPorts, id: string, act: Act): Promise<Review> {
  ports.journal.ready();
  for (let attempt = 0; attempt < tries; attempt++) {
    const found = await ports.store.get(id);
    if (found === null) throw noReview(id);
    const { review: before, now } = found;
    const acting = "by" in act && act.by !== null ? [act.by.id] : [];
    const people = await ports.people([...new Set([...peopleOf([before]), ...acting])]);
    const after = step(before, current(act, people), people, now);
    if (after === before) return before;
    const grant = grantOf(before, after, people);
    const version = await ports.store.change(before, after, grant);
    if (version !== null) {
      await record(ports.journal, act, before, after, grant);
      return { ...after, version };
    }
  }
  throw new HoopError("conflict", `review ${id} is being changed by others at this moment; try again`);
}

/** Whoever acts is looked at as they are now, whatever the caller's token still says of them. */
function current(act: Act, people: People): Act {
  if (act.kind !== "approve" && act.kind !== "deny" && act.kind !== "break-glass") return act;
  const by = people.get(act.by.id);
  if (by === undefined) throw new HoopError("denied", `${act.by.name} was disabled or removed`);
  return { ...act, by };
}

/** What an approved wish becomes; its time begins now. */
function grantOf(before: Review, after: Review, people: People): StoredGrant | null {
  if (after.kind !== "access" || before.state === "approved" || after.state !== "approved") return null;
  if (!people.has(after.requester.id))
    throw new HoopError("conflict", `${after.requester.name} was disabled or removed, and can be given nothing`);
  return {
    id: after.id,
    subject: { id: after.requester.id, name: after.requester.name },
    connections: after.connections,
    effects: after.head.wish!.effects,
    ticket: after.head.wish!.ticket,
    since: after.approvedAt!,
    until: after.useBy!,
    ended: null,
  };
}

async function record(
  journal: ReviewJournal,
  act: Act,
  before: Review,
  after: Review,
  grant: StoredGrant | null,
): Promise<void> {
  const by = "by" in act && act.by !== null ? partyOf(act.by) : null;
  switch (act.kind) {
    case "approve":
      await journal.review("approved", by, after, { complete: after.state === "approved" });
      break;
    case "deny":
      await journal.review("denied", by, after, before.state === "approved" ? { takenBack: true } : {});
      break;
    case "break-glass":
      // The reason is the point of it: it stands in the open.
      await journal.review("break-glass", by, after, { breakGlass: true, reason: act.reason });
      break;
    case "withdraw":
      await journal.review("withdrawn", by, after);
      break;
    case "tick":
      await journal.review(after.state === "expired" ? "expired" : "escalated", null, after, escalation(before, after));
      break;
    case "check":
      await journal.review("expired", null, after);
      break;
    case "grant":
      await journal.review("approved", null, after, { complete: true });
  }
  if (grant !== null) await journal.grant("made", null, grant, { review: after.id });
}

function escalation(before: Review, after: Review): Readonly<Record<string, unknown>> {
  const rules = after.escalated.filter((rule) => !before.escalated.includes(rule));
  const groups = after.terms
    .filter(({ rule }) => rules.includes(rule))
    .flatMap(({ escalate }) => escalate?.groups ?? []);
  return rules.length === 0 ? {} : { escalatedTo: [...new Set(groups)] };
}

/** The same words whether it is not there or not theirs to see. */
export function noReview(id: string): HoopError {
  return new HoopError("not-found", `there is no review ${JSON.stringify(id.slice(0, 32))}`, {
    hint: "hoop review ls",
  });
}
