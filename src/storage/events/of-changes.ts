import { randomUUID } from "node:crypto";
import {
  actingNow,
  breakGlass,
  connectionChanged,
  type EventDraft,
  eventId,
  loginNewDevice,
  reviewApproved,
  reviewDenied,
  reviewExpired,
  reviewRequested,
  ruleChanged,
  short,
  userChanged,
} from "../../events/index.js";
import type { Review } from "../../reviews/review.js";
import type { Connection } from "../../vocabulary/index.js";

type Change = "created" | "changed" | "removed";

/** What is alike in events of changes: who made them, and what led to it. They happen once, in their transaction, so any new id will do. */
function made() {
  const { subject, cause } = actingNow();
  return { id: randomUUID(), at: Date.now(), subject, connection: null, session: null, cause };
}

export function connectionEvent(
  change: Change,
  connection: Pick<Connection, "id" | "name"> & Partial<Connection>,
): EventDraft {
  const { id, name, protocol, host } = connection;
  return connectionChanged.draft({
    ...made(),
    connection: name,
    data: { change, id, protocol: protocol ?? null, host: host === undefined ? null : short(host) },
  });
}

export function ruleEvent(change: Change, kind: string, name: string, revision: number): EventDraft {
  return ruleChanged.draft({ ...made(), data: { change, kind, name, revision } });
}

export function userEvent(
  change: Change,
  user: { readonly id: string; readonly name: string; readonly groups: readonly string[]; readonly disabled: boolean },
): EventDraft {
  const { id, name, groups, disabled } = user;
  return userChanged.draft({
    ...made(),
    data: { change, user: { id, name: short(name) }, disabled, groups: groups.slice(0, 200) },
  });
}

export function newNetworkEvent(subject: { readonly id: string; readonly name: string }, network: string): EventDraft {
  return loginNewDevice.draft({ ...made(), subject, data: { network: short(network) } });
}

const about = (review: Review) => ({
  review: review.id,
  kind: review.kind,
  connections: review.connections.slice(0, 50).map(({ name }) => name),
  rules: review.terms.slice(0, 20).map(({ rule }) => rule),
});

const base = (review: Review, type: string) => {
  const { id, name, kind } = review.requester;
  return {
    ...made(),
    id: eventId(type, review.id),
    subject: { id, name, kind },
    connection: review.connections[0]?.name ?? null,
    session: review.session,
  };
};

export function reviewOpenedEvent(review: Review): EventDraft {
  return reviewRequested.draft({ ...base(review, reviewRequested.type), data: about(review) });
}

/** What a step of a review is as events: none, one, or the way past it as well. */
export function reviewEvents(before: Review, after: Review): readonly EventDraft[] {
  const events: EventDraft[] = [];
  const fresh = after.decisions.filter((decision) => !before.decisions.includes(decision));
  const glass = fresh.find(({ verdict }) => verdict === "break-glass");
  if (glass !== undefined)
    events.push(
      breakGlass.draft({
        ...base(after, `${breakGlass.type} ${glass.by.id}`),
        data: { ...about(after), by: { id: glass.by.id, name: glass.by.name } },
      }),
    );
  if (before.state === after.state) return events;
  const last = fresh.at(-1)?.by ?? after.decisions.at(-1)?.by;
  const by = last === undefined ? null : { id: last.id, name: last.name };
  if (after.state === "approved")
    events.push(reviewApproved.draft({ ...base(after, reviewApproved.type), data: { ...about(after), by } }));
  if (after.state === "denied")
    events.push(reviewDenied.draft({ ...base(after, reviewDenied.type), data: { ...about(after), by } }));
  if (after.state === "expired")
    events.push(
      reviewExpired.draft({
        ...base(after, reviewExpired.type),
        data: { ...about(after), why: after.ending?.why ?? "undecided" },
      }),
    );
  return events;
}
