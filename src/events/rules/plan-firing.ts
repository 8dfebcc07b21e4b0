import { holdTerms } from "../../policy/documents/terms.js";
import { eventId } from "../event-id.js";
import type { ReceiverSpec } from "../receivers/schema.js";
import type { NewDelivery, NewFiring, NewRestraint } from "../store.js";
import { type Action, restraintKinds } from "./actions.js";
import type { Rule } from "./compile.js";
import { defaultPauseMs } from "./explain.js";
import { fieldOf } from "./fields.js";
import type { Firing } from "./firing.js";

/** How long an order to end sessions is told to gateways; one that comes back later has none of them any more. */
const killMs = 60_000;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What a firing is to bring about: what is imposed at once, and what is delivered, in order. */
export function planFiring(rule: Rule, firing: Firing, receivers: ReadonlyMap<string, ReceiverSpec>): NewFiring {
  const { event, events, quiet, cause } = firing;
  return {
    id: firing.id,
    rule: rule.name,
    body: { event, events, quiet, cause, actions: rule.actions.map(({ kind }) => kind) },
    restraints: restraintsOf(rule, firing),
    deliveries: rule.actions.flatMap((action, step): readonly NewDelivery[] => {
      if (restraintKinds.has(action.kind)) return [];
      const { target, ordered } = targetOf(action, receivers);
      return [
        {
          // The same event, rule and action are the same delivery, however often they are planned.
          id: eventId("delivery", event.id, rule.name, String(step)),
          step,
          kind: action.kind,
          target,
          ordered,
          body: { action: resolved(action, firing), event, events: events.length, quiet, cause, rule: rule.name },
        },
      ];
    }),
  };
}

/** What a firing imposes on sessions and subjects. */
export function restraintsOf(rule: Rule, firing: Firing): readonly NewRestraint[] {
  return rule.actions.flatMap((action, step) => {
    const made = restraintOf(action, firing);
    return made === null
      ? []
      : [
          {
            ...made,
            id: eventId("restraint", firing.id, String(step)),
            rule: rule.name,
            firing: firing.id,
            cause: firing.cause,
          },
        ];
  });
}

type Imposed = Pick<NewRestraint, "kind" | "session" | "subject" | "terms" | "forMs">;

function restraintOf(action: Action, { rule, event }: Firing): Imposed | null {
  const id = event.subject?.id;
  const subject = id !== undefined && uuid.test(id) ? id : null;
  const { kind, data } = action;
  switch (kind) {
    case "pause":
    case "kill": {
      const target = data.scope === "session" ? { session: event.session, subject: null } : { session: null, subject };
      if (target.session === null && target.subject === null) return null;
      return kind === "pause"
        ? { kind, ...target, terms: { notice: data.notice ?? null }, forMs: data.for ?? defaultPauseMs }
        : { kind, ...target, terms: { reason: data.reason ?? null }, forMs: killMs };
    }
    case "requireReview":
      if (subject === null) return null;
      return {
        kind: "review",
        session: null,
        subject,
        terms: { hold: holdTerms(rule, data.hold) },
        forMs: data.for,
      };
    case "tightenMasks":
      if (subject === null) return null;
      return {
        kind: "masks",
        session: null,
        subject,
        terms: { columns: data.columns ?? ["*.*.*"], method: data.method },
        forMs: data.for,
      };
    default:
      return null;
  }
}

function targetOf(action: Action, receivers: ReadonlyMap<string, ReceiverSpec>) {
  if (action.kind === "notify")
    return {
      target: `receiver ${action.data.receiver}`,
      ordered: receivers.get(action.data.receiver)?.ordered ?? false,
    };
  if (action.kind === "run") return { target: `runbook ${action.data.runbook}`, ordered: false };
  return { target: action.kind, ordered: false };
}

/** With the fields of the event in place of their names: values stay values, nothing is pasted into a text. */
function resolved(action: Action, { rule, event }: Firing): Readonly<Record<string, unknown>> {
  switch (action.kind) {
    case "run":
      return {
        ...action.data,
        with: Object.fromEntries(
          Object.entries(action.data.with ?? {}).map(([name, value]) => [
            name,
            typeof value === "object" ? fieldOf(event, value.field) : value,
          ]),
        ),
      };
    case "openReview":
      return { terms: holdTerms(rule, action.data.hold) };
    default:
      return { ...action.data };
  }
}
