import type { LookedInto, OwnEstimate } from "../../../protocol/index.js";
import { dressSession } from "./dress-session.js";
import { boundValues, type Run } from "./own-client.js";

/** Planning takes locks on what it looks at, and may be slow by itself. */
const limits = { lockMs: 1_000, statementMs: 3_000 } as const;
/** A plan of partitions may be long; people see its beginning. */
const maxPlan = 20_000;
const maxNodes = 20_000;

interface Node {
  readonly "Node Type": string;
  readonly "Plan Rows"?: number;
  readonly "Total Cost"?: number;
  readonly "Relation Name"?: string;
  readonly Schema?: string;
  readonly Plans?: readonly Node[];
}

/** Asks the planner about a statement, in a transaction that may not write and is rolled back. */
export async function estimate(run: Run, serverVersion: number, statement: LookedInto): Promise<OwnEstimate | null> {
  await run("BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY");
  try {
    await dressSession(run, statement, limits);
    const root = await planOf(run, serverVersion, statement);
    if (root === null) return null;
    const nodes = flat(root);
    // What a write itself gives is nothing; what comes into it counts.
    const writes = root["Node Type"] === "ModifyTable";
    const rows = writes
      ? (root.Plans ?? []).reduce((sum, each) => sum + (each["Plan Rows"] ?? 0), 0)
      : root["Plan Rows"];
    return {
      rows: rows ?? 0,
      cost: root["Total Cost"] ?? 0,
      scans: await scansOf(run, nodes),
      plan: JSON.stringify(root, null, 1).slice(0, maxPlan),
    };
  } finally {
    await run("ROLLBACK");
  }
}

async function planOf(run: Run, serverVersion: number, statement: LookedInto): Promise<Node | null> {
  const { values, types } = boundValues(statement);
  const bound = statement.values !== null;
  if (!bound && /\$\d/.test(statement.text) && serverVersion < 160_000) return null;
  const generic = !bound && /\$\d/.test(statement.text) ? ", GENERIC_PLAN" : "";
  const { rows } = await run(`EXPLAIN (FORMAT JSON, VERBOSE${generic}) ${statement.text}`, values, types);
  const plan = JSON.parse(rows[0]?.[0] ?? "null") as readonly { readonly Plan?: Node }[] | null;
  return plan?.[0]?.Plan ?? null;
}

function flat(root: Node): readonly Node[] {
  const nodes: Node[] = [root];
  for (let at = 0; at < nodes.length && nodes.length < maxNodes; at++) nodes.push(...(nodes[at]!.Plans ?? []));
  return nodes;
}

/** Partitions are scanned by their own names: a rule names the table that they are parts of. */
const scanned = `SELECT n.nspname || '.' || c.relname, pg_catalog.max(GREATEST(c.reltuples, 0))::float8
  FROM (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE (n.nspname, c.relname) IN (SELECT s, r FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) u(s, r))) own,
  LATERAL (SELECT own.oid AS id UNION SELECT a.relid::oid FROM pg_catalog.pg_partition_ancestors(own.oid::pg_catalog.regclass) a(relid)) f
  JOIN pg_catalog.pg_class c ON c.oid = f.id JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  GROUP BY 1`;

async function scansOf(run: Run, nodes: readonly Node[]): Promise<OwnEstimate["scans"]> {
  const scans = nodes.filter((node) => node["Node Type"].endsWith("Seq Scan") && node["Relation Name"] !== undefined);
  if (scans.length === 0) return [];
  const list = (of: (node: Node) => string): string =>
    `{${scans.map((node) => `"${of(node).replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
  const { rows } = await run(scanned, [
    list((node) => node.Schema ?? "public"),
    list((node) => node["Relation Name"]!),
  ]);
  // A table that was never analysed has no number of its own: the plan's is all there is.
  const floor = Math.max(...scans.map((node) => node["Plan Rows"] ?? 0));
  return rows.map(([relation, tuples]) => ({ relation: relation!, rows: Math.max(Number(tuples), floor) }));
}
