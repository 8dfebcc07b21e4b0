import { agentDown, agentUp } from "../catalogue/agents.js";
import { budgetCrossed, sensitiveSeen } from "../catalogue/data.js";
import { longestText, short } from "../catalogue/define.js";
import { loginFailed } from "../catalogue/logins.js";
import { gatewayDegraded } from "../catalogue/operations.js";
import { sessionClosed, sessionKilled, sessionOpened, sessionRefused } from "../catalogue/sessions.js";
import {
  statementDenied,
  statementFailed,
  statementHeld,
  statementMasked,
  statementSlow,
} from "../catalogue/statements.js";
import type { Cause, EventDraft } from "../event.js";
import { eventId } from "../event-id.js";
import type { AnalysisView, EntryView, SessionFacts } from "./entry-view.js";

/** What is looked up for entries that do not say it themselves. */
export interface Around {
  readonly session: (id: string) => SessionFacts | undefined;
  readonly analysis: (reference: unknown) => AnalysisView | null;
  /** What ended a session, where a rule did. */
  readonly endedBy: (session: string) => readonly Cause[];
  /** Statements that took longer are slow, milliseconds. */
  readonly slowMs: number;
}

type Reasons = readonly { readonly rule: string | null; readonly code: string; readonly text: string }[];

/** Changes that are failed attempts to sign in. */
const failures: Readonly<Record<string, string>> = { "login.failed": "password", "login.factor-failed": "factor" };

/** Whether the entry can be an event at all: most are not, and are not even parsed. */
export function mayBeEvent(kind: string, outcome: string | null): boolean {
  return kind === "statement" ? outcome !== "allow" : kind !== "screen" && kind !== "analysis";
}

/** The events that an entry of a recording is. Pure: the same entry gives the same events with the same ids, whenever it is read. */
export function eventsOf(entry: EntryView, around: Around): readonly EventDraft[] {
  switch (entry.kind) {
    case "session-opened":
    case "session-refused":
      return [begun(entry, around)];
    case "session-closed":
      return closed(entry, around);
    case "statement":
      return judged(entry, around);
    case "statement-finished":
      return finished(entry, around);
    case "change":
      return changed(entry);
    default:
      return [];
  }
}

function base(entry: EntryView, facts: SessionFacts | undefined, type: string, ...more: readonly string[]) {
  return {
    id: eventId(type, entry.session ?? "", ...more),
    at: entry.time,
    subject: facts === undefined ? null : { id: facts.subject, name: facts.name, groups: facts.groups },
    connection: facts?.connection ?? null,
    session: entry.session,
    cause: facts?.cause ?? [],
  };
}

function begun(entry: EntryView, around: Around): EventDraft {
  const { body } = entry;
  const where = { protocol: short(String(body["protocol"])), from: short(String(body["from"])) };
  const facts = around.session(entry.session!);
  if (entry.kind === "session-opened")
    return sessionOpened.draft({ ...base(entry, facts, sessionOpened.type), data: where });
  return sessionRefused.draft({
    ...base(entry, facts, sessionRefused.type),
    data: { ...where, reasons: reasonsOf(body["reasons"]) },
  });
}

function closed(entry: EntryView, around: Around): readonly EventDraft[] {
  const { body } = entry;
  const facts = around.session(entry.session!);
  const { code, text } = body["reason"] as { readonly code: string; readonly text: string };
  const data = {
    code: short(code),
    text: short(text),
    statements: whole(body["statements"]),
    bytesIn: whole(body["bytesIn"]),
    bytesOut: whole(body["bytesOut"]),
    durationMs: whole(body["durationMs"]),
  };
  const ended = around.endedBy(entry.session!);
  const withCause = (type: string) => {
    const made = base(entry, facts, type);
    return ended.length > made.cause.length ? { ...made, cause: ended } : made;
  };
  const events = [sessionClosed.draft({ ...withCause(sessionClosed.type), data })];
  if (code === "killed" || code === "revoked")
    events.push(sessionKilled.draft({ ...withCause(sessionKilled.type), data }));
  return events;
}

function judged(entry: EntryView, around: Around): readonly EventDraft[] {
  const { body } = entry;
  const outcome = body["outcome"];
  // What Hoop itself asks of a target (a rehearsal, a catalogue) is nobody's statement.
  if (outcome === "allow" || body["purpose"] !== "forward") return [];
  const statement = String(body["statement"]);
  const analysis = around.analysis(body["analysis"]);
  const shown = body["shown"];
  const data = {
    statement,
    shown: typeof shown === "string" ? short(shown) : null,
    phase: String(body["phase"]),
    effects: (analysis?.effects ?? ["unknown"]) as ["unknown"],
    resources: (analysis?.resources ?? [])
      .slice(0, 100)
      .map(({ kind, name, access }) => ({ kind, name: short(name), access })),
    attributes: plain(analysis?.attributes ?? {}),
    shape: short(analysis?.shape ?? ""),
    reasons: reasonsOf(body["reasons"]),
    policyVersion: String(body["policyVersion"]),
  };
  const facts = around.session(entry.session!);
  if (outcome === "deny")
    return [statementDenied.draft({ ...base(entry, facts, statementDenied.type, statement), data })];
  if (outcome !== "hold" && outcome !== "challenge") return [];
  return [
    statementHeld.draft({ ...base(entry, facts, statementHeld.type, statement, outcome), data: { ...data, outcome } }),
  ];
}

interface Spent {
  readonly rule: string;
  readonly measure: string;
  readonly window: string;
  readonly amount: number;
  readonly used: number;
  readonly limit: number;
}

function finished(entry: EntryView, around: Around): readonly EventDraft[] {
  const { body } = entry;
  const statement = String(body["statement"]);
  const facts = around.session(entry.session!);
  const piece = body["outcome"] === "suspended" ? [entry.place ?? ""] : [];
  const at = (type: string, ...more: readonly string[]) => base(entry, facts, type, statement, ...more, ...piece);
  const data = {
    statement,
    rows: whole(body["rows"]),
    bytes: whole(body["bytes"]),
    maskedCells: whole(body["maskedCells"]),
    durationMs: whole(body["durationMs"]),
    tag: typeof body["tag"] === "string" ? short(body["tag"]) : null,
  };
  const detected = (body["detected"] as Readonly<Record<string, number>> | undefined) ?? {};
  const events: EventDraft[] = [];
  if (data.maskedCells > 0)
    events.push(statementMasked.draft({ ...at(statementMasked.type), data: { ...data, detected } }));
  if (data.durationMs > around.slowMs)
    events.push(statementSlow.draft({ ...at(statementSlow.type), data: { ...data, thresholdMs: around.slowMs } }));
  if (body["outcome"] === "error") {
    const error = short(String((body["error"] as { readonly code?: string } | undefined)?.code ?? "unknown"));
    events.push(statementFailed.draft({ ...at(statementFailed.type), data: { ...data, error } }));
  }
  for (const spent of (body["budgets"] as readonly Spent[] | undefined) ?? []) {
    if (spent.used < spent.limit || spent.used - spent.amount >= spent.limit) continue;
    const { rule, measure, window, used, limit } = spent;
    events.push(
      budgetCrossed.draft({
        ...at(budgetCrossed.type, rule, measure, window),
        data: { statement, rule: short(rule), measure, window, used, limit },
      }),
    );
  }
  // One id for a connection and kind, whoever sees it: the log keeps the first and skips the rest.
  for (const [kind, values] of Object.entries(detected))
    events.push(
      sensitiveSeen.draft({
        ...base(entry, facts, sensitiveSeen.type),
        id: eventId(sensitiveSeen.type, facts?.connection ?? "", kind),
        data: { statement, kind: short(kind), values },
      }),
    );
  return events;
}

function changed(entry: EntryView): readonly EventDraft[] {
  const { body, time } = entry;
  const what = String(body["what"]);
  if (entry.place === null) return [];
  const own = ofGateway(what, entry);
  if (own !== null) return [own];
  const usual = failures[what];
  if (usual === undefined) return [];
  const actor = body["actor"] as { readonly subject: string; readonly name: string };
  const after = body["after"] as {
    readonly from?: unknown;
    readonly how?: unknown;
    readonly provider?: unknown;
  } | null;
  const how = typeof after?.how === "string" ? short(after.how) : usual;
  const provider = typeof after?.provider === "string" ? short(after.provider) : null;
  return [
    loginFailed.draft({
      id: eventId(loginFailed.type, entry.place),
      at: time,
      subject: { id: actor.subject, name: short(actor.name) },
      connection: null,
      session: null,
      cause: [],
      data: { from: short(String(after?.from ?? "")), how, provider },
    }),
  ];
}

/** What a gateway says of itself. Not of persons' changes: whoever could name one so would tell of agents that are not there. */
function ofGateway(what: string, { body, time, place }: EntryView): EventDraft | null {
  if ((body["actor"] as { readonly system?: boolean }).system !== true) return null;
  const after = (body["after"] ?? {}) as Readonly<Record<string, unknown>>;
  const around = { at: time, subject: null, connection: null, session: null, cause: [] };
  const replica = short(String(after["replica"] ?? ""));
  if (what === agentUp.type || what === agentDown.type) {
    const type = what === agentUp.type ? agentUp : agentDown;
    return type.draft({
      ...{ id: eventId(what, place!), ...around },
      data: { agent: short(String(body["target"])), replica },
    });
  }
  if (what !== gatewayDegraded.type) return null;
  const reasons = Array.isArray(after["reasons"]) ? after["reasons"].slice(0, 10).map((one) => short(String(one))) : [];
  return gatewayDegraded.draft({ id: eventId(what, place!), ...around, data: { replica, reasons } });
}

function reasonsOf(given: unknown) {
  return ((given as Reasons | undefined) ?? []).slice(0, 10).map(({ rule, code, text }) => ({
    rule: rule === null ? null : short(rule),
    code: short(code),
    text: short(text),
  }));
}

const whole = (value: unknown) =>
  typeof value === "number" && Number.isFinite(value) ? Math.max(0, Math.round(value)) : 0;

/** Attributes of bounded size. */
function plain(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes)
      .slice(0, 50)
      .map(([name, value]) => [
        name.slice(0, longestText),
        typeof value === "string"
          ? short(value)
          : Array.isArray(value)
            ? value.slice(0, 100).map((each) => short(String(each)))
            : value,
      ]),
  );
}
