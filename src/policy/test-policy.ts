import {
  type Analysis,
  type Connection,
  connectionId,
  type Subject,
  sessionId,
  subjectId,
} from "../vocabulary/index.js";
import type { CompiledPolicy } from "./compile.js";
import { connectAnalysis } from "./connect.js";
import type { ParsedDocument, PolicyDocument } from "./documents/index.js";
import { maskedColumns } from "./masked-columns.js";
import { parseDocument, placeOf } from "./parse-documents.js";
import type { Situation } from "./policy.js";

/** A statement of a test, with the tables that it may reach. */
export interface TestStatement {
  readonly protocol: string;
  readonly sql: string;
  /** Columns by table, `public.customers`. */
  readonly schema: Readonly<Record<string, readonly string[]>>;
}

/** Reads a test's statement; throws HoopError where its protocol cannot be read. */
export type ReadTestStatement = (statement: TestStatement) => Promise<Analysis>;

/** How a test came out. */
export interface TestResult {
  readonly name: string;
  /** File, document and line. */
  readonly at: string;
  readonly passed: boolean;
  /** What differs, in sentences; empty: it passed. */
  readonly problems: readonly string[];
}

/** Runs every test among the documents against a compiled set, in their order. */
export async function testPolicy(
  set: CompiledPolicy,
  documents: readonly PolicyDocument[],
  read: ReadTestStatement,
): Promise<readonly TestResult[]> {
  const results: TestResult[] = [];
  for (const document of documents) {
    const { parsed } = parseDocument(document, "policy");
    if (parsed.kind !== "test") continue;
    const problems = await problemsOf(set, parsed.spec, read);
    const at = placeOf(document, ["spec", "expect"]);
    results.push({ name: document.metadata.name, at, passed: problems.length === 0, problems });
  }
  return results;
}

type Spec = Extract<ParsedDocument, { kind: "test" }>["spec"];

/** 2026-01-05, a Monday, 10:00 UTC: tests that say no time are run then, always. */
const usualTime = Date.UTC(2026, 0, 5, 10);

async function problemsOf(set: CompiledPolicy, spec: Spec, read: ReadTestStatement): Promise<string[]> {
  const { given } = spec;
  const schema = schemaOf(given);
  const connection = connectionOf(given);
  let analysis: Analysis;
  try {
    analysis =
      given.sql === undefined
        ? connectAnalysis(connection)
        : await read({ protocol: connection.protocol, sql: given.sql, schema });
  } catch (error) {
    return [`the statement could not be read: ${error instanceof Error ? error.message : String(error)}`];
  }
  const situation = situationOf(given, connection, analysis);
  let decision = set.decide(situation);
  // A test that gives no estimate asks what happens when there is none.
  if (decision.needs) decision = set.decide({ ...situation, estimate: situation.estimate ?? null });
  const { outcome, reasons } = decision.verdict;
  const why = reasons.map((reason) => reason.text).join("; ");
  const problems: string[] = [];
  if (outcome !== spec.expect) problems.push(`expected ${spec.expect}, got ${outcome} (${why})`);
  if (spec.rule !== undefined && !reasons.some((reason) => reason.rule === spec.rule))
    problems.push(`expected rule "${spec.rule}" among the reasons, got ${why}`);
  if (spec.masked) problems.push(...maskProblems(set, situation, spec.masked, schema));
  return problems;
}

type Given = Spec["given"];

function schemaOf({ schema = {} }: Given): TestStatement["schema"] {
  return Object.fromEntries(
    Object.entries(schema).map(([table, columns]) => [
      table.includes(".") ? table : `public.${table}`,
      Array.isArray(columns) ? columns : Object.keys(columns),
    ]),
  );
}

function connectionOf({ connection = "test", labels = {}, protocol = "postgres" }: Given): Connection {
  return {
    id: connectionId("00000000-0000-4000-8000-000000000001"),
    name: connection,
    protocol,
    host: "test.invalid",
    port: 1,
    agent: null,
    labels,
    tls: { mode: "disable" },
    target: {},
    exposesCredentialToAgent: false,
    version: 1,
  };
}

function situationOf(given: Given, connection: Connection, analysis: Analysis): Situation {
  const subject: Subject = {
    id: subjectId("00000000-0000-4000-8000-000000000002"),
    kind: given.kind ?? "person",
    name: given.subject ?? "somebody",
    groups: given.groups ?? [],
    version: 1,
  };
  const { estimate } = given;
  return {
    subject,
    connection,
    analysis,
    now: given.at === undefined ? usualTime : Date.parse(given.at),
    freshness: () => (given.fresh ? 0 : null),
    // Nothing has been used up when a test begins.
    usage: () => 0,
    session: sessionId("00000000-0000-4000-8000-000000000003"),
    ...(estimate ? { estimate: { rows: estimate.rows, cost: 0, scans: estimate.scans ?? [] } } : null),
  };
}

function maskProblems(
  set: CompiledPolicy,
  situation: Situation,
  expected: readonly string[],
  schema: TestStatement["schema"],
): string[] {
  const { masks } = set.masksFor(situation.subject, situation.connection, situation.now);
  const spelled = {
    ...situation.analysis,
    resources: situation.analysis.resources.flatMap((one) => spell(one, schema)),
  };
  const found = maskedColumns(masks, spelled).map(({ column }) => column);
  const names = (column: string, wanted: string) =>
    column === wanted || column.endsWith(`.${wanted}`) || column.endsWith(".*");
  const missing = expected.filter((wanted) => !found.some((column) => names(column, wanted)));
  const extra = found.filter((column) => !column.endsWith(".*") && !expected.some((wanted) => names(column, wanted)));
  const told = found.length === 0 ? "none" : found.join(", ");
  return missing.length + extra.length === 0
    ? []
    : [`expected ${expected.length === 0 ? "no column" : expected.join(", ")} to be masked, got ${told}`];
}

/** `public.customers.*` as the columns that the test's schema gives it. */
function spell(resource: Analysis["resources"][number], schema: TestStatement["schema"]): Analysis["resources"] {
  if (resource.kind !== "column" || !resource.name.endsWith(".*")) return [resource];
  const columns = schema[resource.name.slice(0, -2)];
  return columns
    ? columns.map((column) => ({ ...resource, name: `${resource.name.slice(0, -1)}${column}` }))
    : [resource];
}
