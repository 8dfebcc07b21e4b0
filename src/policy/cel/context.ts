import type { Analysis, Connection, Subject } from "../../vocabulary/index.js";
import type { Situation } from "../policy.js";
import type { Expression } from "./expression.js";

/** What expressions read, each made once for the value it is made from. */
type View = Readonly<Record<string, unknown>>;

const subjects = new WeakMap<Subject, View>();
const connections = new WeakMap<Connection, View>();
const statements = new WeakMap<Analysis, View>();

/** Names of one kind that an expression may go through; a statement with more is not looked at. */
export const maxNames = 2000;

/** The variables that the expression reads, and no others. */
export function contextFor(expression: Expression, situation: Situation): View {
  const context: Record<string, unknown> = {};
  for (const name of expression.variables) {
    context[name] =
      name === "subject"
        ? kept(subjects, situation.subject, subjectView)
        : name === "connection"
          ? kept(connections, situation.connection, connectionView)
          : name === "statement"
            ? kept(statements, situation.analysis, statementView)
            : timeView(situation.now);
  }
  return context;
}

function kept<Key extends object>(known: WeakMap<Key, View>, key: Key, make: (key: Key) => View): View {
  let view = known.get(key);
  if (!view) {
    view = make(key);
    known.set(key, view);
  }
  return view;
}

function subjectView({ name, kind, email, groups }: Subject): View {
  return { name, kind, email: email ?? "", groups };
}

function connectionView({ name, protocol, host, port, labels }: Connection): View {
  return { name, protocol, host, port: BigInt(port), labels: new Map(Object.entries(labels)) };
}

function statementView({ effects, resources, attributes }: Analysis): View {
  const names = (kind: string) => [...new Set(resources.filter((one) => one.kind === kind).map((one) => one.name))];
  return {
    effects,
    relations: names("relation"),
    columns: names("column"),
    functions: names("function"),
    attributes: new Map(Object.entries(attributes)),
  };
}

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
let latest: { minute: number; view: View } | null = null;

/** UTC. */
function timeView(now: number): View {
  const epochMinute = Math.floor(now / 60_000);
  if (latest?.minute === epochMinute) return latest.view;
  const date = new Date(epochMinute * 60_000);
  const view = {
    year: BigInt(date.getUTCFullYear()),
    month: BigInt(date.getUTCMonth() + 1),
    day: BigInt(date.getUTCDate()),
    hour: BigInt(date.getUTCHours()),
    minute: BigInt(date.getUTCMinutes()),
    weekday: weekdays[date.getUTCDay()],
  };
  latest = { minute: epochMinute, view };
  return view;
}
