import type { HoldTerms } from "../../vocabulary/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { actingAs } from "../acting.js";
import type { Cause, EventDraft } from "../event.js";
import { eventId } from "../event-id.js";
import type { LiveRestraints } from "../live-restraints.js";
import type { LiveRules } from "../live-rules.js";
import type { RunAs, RunbookRunner } from "../ports.js";
import { senders } from "../receivers/index.js";
import type { Message } from "../receivers/message.js";
import type { Outcome } from "../receivers/outcome.js";
import type { JudgedAddresses } from "../receivers/request.js";
import type { Delivery, EventStore } from "../store.js";
import type { Perform } from "./worker.js";

/** What reactions do outside of sessions, by whoever can. */
export interface ActionPorts {
  readonly store: EventStore;
  readonly rules: LiveRules;
  readonly restraints: LiveRestraints;
  /** Null: there are no runbooks here. */
  readonly runner: () => RunbookRunner | null;
  /** The sealed secret of a receiver, opened; null: none was handed in. */
  readonly secret: (receiver: string) => Promise<string | null>;
  readonly addresses: JudgedAddresses;
  readonly link: (event: string) => string;
  /** Takes from a subject what it has; answers in words what was taken. */
  readonly revoke: (
    subject: string,
    what: readonly ("user" | "logins" | "grants")[],
    cause: { readonly rule: string; readonly event: string },
  ) => Promise<string>;
  /** Opens a review of a session's subject; answers its id. The same `digest` opens one. */
  readonly openReview: (about: {
    readonly event: EventDraft;
    readonly rule: string;
    readonly terms: HoldTerms;
    readonly digest: string;
  }) => Promise<string>;
}

interface Body {
  readonly action: Readonly<Record<string, unknown>>;
  readonly event: EventDraft;
  readonly events: number;
  readonly quiet: number;
  readonly cause: readonly Cause[];
  readonly rule: string;
}

type Handler = (ports: ActionPorts, delivery: Delivery, body: Body, signal: AbortSignal) => Promise<Outcome>;

const handlers: Readonly<Record<string, Handler>> = { notify, run, revoke, openReview, settleReview };

export function performWith(ports: ActionPorts): Perform {
  return async (delivery, signal) => {
    const handler = handlers[delivery.kind];
    if (handler === undefined) return { kind: "never", error: `nothing here knows how to ${delivery.kind}` };
    const body = readBody(delivery);
    // Waits for others on the network and changes nothing here.
    if (handler === notify) return notify(ports, delivery, body, signal);
    // What it changes is written down with what led to it: a rule that answers those events must know.
    return actingAs({ subject: null, cause: body.cause }, () => handler(ports, delivery, body, signal));
  };
}

/** Throws HoopError `invalid`: what cannot be read is set aside, and the others go on. */
function readBody({ body }: Delivery): Body {
  try {
    const read = JSON.parse(body) as Body;
    if (typeof read.event.id === "string" && typeof read.action === "object" && Array.isArray(read.cause)) return read;
  } catch {
    // Told below.
  }
  throw new HoopError("invalid", "this delivery cannot be read");
}

async function notify(ports: ActionPorts, { id }: Delivery, body: Body, signal: AbortSignal): Promise<Outcome> {
  const name = String(body.action["receiver"]);
  const spec = ports.rules.current().receivers.get(name);
  if (spec === undefined) return { kind: "never", error: `there is no receiver ${name}` };
  const { rule, event, events, quiet, cause } = body;
  const text = typeof body.action["text"] === "string" ? body.action["text"] : null;
  const message: Message = { id, rule, event, events, quiet, cause, text, link: ports.link(event.id) };
  return senders[spec.type](spec, await ports.secret(name), message, ports.addresses, signal);
}

async function run(ports: ActionPorts, { id }: Delivery, body: Body, signal: AbortSignal): Promise<Outcome> {
  const runner = ports.runner();
  if (runner === null) return { kind: "never", error: "this gateway runs no runbooks" };
  const {
    runbook,
    as,
    with: parameters,
  } = body.action as {
    readonly runbook: string;
    readonly as: "subject" | { readonly machine: string };
    readonly with: Readonly<Record<string, string | number | boolean>>;
  };
  const { subject } = body.event;
  if (as === "subject" && (subject === null || subject.id === ""))
    return { kind: "never", error: "the event names nobody on whose authority it could run" };
  const authority: RunAs =
    as === "subject" ? { kind: "person", id: subject!.id } : { kind: "machine", name: as.machine };
  const started = await runner.start({ runbook, parameters, as: authority, cause: body.cause, key: id }, signal);
  return { kind: "done", answer: `run ${started}` };
}

async function revoke(ports: ActionPorts, _: Delivery, { action, event, rule }: Body): Promise<Outcome> {
  if (event.subject === null || event.subject.id === "") return { kind: "never", error: "the event names nobody" };
  const what = action["what"] as readonly ("user" | "logins" | "grants")[];
  return { kind: "done", answer: await ports.revoke(event.subject.id, what, { rule, event: event.id }) };
}

async function openReview(ports: ActionPorts, { id }: Delivery, { action, event, rule }: Body): Promise<Outcome> {
  const terms = action["terms"] as HoldTerms;
  return { kind: "done", answer: await ports.openReview({ event, rule, terms, digest: eventId("review", id) }) };
}

/** People have decided on a review that a rule opened. */
async function settleReview(
  ports: ActionPorts,
  { attempts }: Delivery,
  { action, event, cause }: Body,
): Promise<Outcome> {
  const review = String(action["review"]);
  const opened = await ports.store.answered("openReview", review);
  // People may be faster than the word of who opened it.
  if (opened === null)
    return attempts < 6
      ? { kind: "retry", error: "who opened it is not known yet" }
      : { kind: "done", answer: "no rule opened it" };
  if (event.type === "review.approved") {
    const lifted = await ports.restraints.liftOf(opened.firing, String(action["by"] ?? "a review"));
    return { kind: "done", answer: `${lifted} lifted` };
  }
  const { event: about } = readBody(opened);
  ports.restraints.impose([
    {
      id: eventId("settled", review),
      kind: "kill",
      rule: opened.rule,
      firing: opened.firing,
      session: about.session,
      subject: null,
      terms: { reason: `review ${review} was ${event.type === "review.denied" ? "denied" : "not decided in time"}` },
      cause,
      forMs: 60_000,
    },
  ]);
  return { kind: "done", answer: "the session ends" };
}
