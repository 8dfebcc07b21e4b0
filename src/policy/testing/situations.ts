import {
  type Analysis,
  type AttributeValue,
  type Connection,
  connectionId,
  type Effect,
  type Resource,
  type Subject,
  subjectId,
} from "../../vocabulary/index.js";
import type { Situation } from "../policy.js";

/** A subject, a connection and statements for tests of rules. */
export function subjectIn(groups: readonly string[], name = "anna", kind: Subject["kind"] = "person"): Subject {
  return { id: subjectId("00000000-0000-4000-8000-000000000001"), kind, name, groups, version: 1 };
}

export function connectionNamed(name: string, labels: Readonly<Record<string, string>> = {}): Connection {
  return {
    id: connectionId("00000000-0000-4000-8000-000000000002"),
    name,
    protocol: "postgres",
    host: "10.0.0.5",
    port: 5432,
    agent: null,
    labels,
    tls: { mode: "disable" },
    target: {},
    exposesCredentialToAgent: false,
    version: 1,
  };
}

export interface StatementParts {
  readonly effects?: readonly Effect[];
  readonly resources?: readonly Resource[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly unknowns?: readonly string[];
}

export function analysisOf(parts: StatementParts = {}): Analysis {
  const unknowns = parts.unknowns ?? [];
  return {
    shape: "test",
    effects: parts.effects ?? (unknowns.length > 0 ? ["read", "unknown"] : ["read"]),
    resources: parts.resources ?? [],
    attributes: parts.attributes ?? {},
    unknowns,
  };
}

/** Monday, 5 January 2026, 10:00 in UTC. */
export const mondayMorning = Date.UTC(2026, 0, 5, 10, 0);

export function situationOf(parts: Partial<Situation> & StatementParts = {}): Situation {
  const { freshness, usage, session, grants, estimate } = parts;
  return {
    ...{ freshness, usage, session, grants, estimate },
    subject: parts.subject ?? subjectIn(["engineers"]),
    connection: parts.connection ?? connectionNamed("pg-demo", { env: "demo" }),
    analysis: parts.analysis ?? analysisOf(parts),
    now: parts.now ?? mondayMorning,
  };
}
