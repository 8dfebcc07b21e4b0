import { type Connection, HoopError } from "../vocabulary/index.js";
import type { CompiledPolicy } from "./compile.js";
import { conflictsOf } from "./conflicts.js";
import { type Abilities, concernsConnection, lacksOf, lackText, needsOfRule } from "./demands.js";
import type { PolicyDocument } from "./documents/index.js";
import { invalid, problemAt } from "./parse-documents.js";
import { type ReadTestStatement, testPolicy } from "./test-policy.js";
import { type KnownColumns, unknownColumns } from "./unknown-columns.js";

/** What applying looks at beside the documents themselves. */
export interface PolicyChecks {
  /** Reads statements of tests. */
  readonly read: ReadTestStatement;
  connections(): readonly Connection[];
  readonly protocols: readonly Abilities[];
  /** Tables and columns of a connection's default database; null: not known now. */
  columns(connection: Connection): Promise<KnownColumns | null>;
}

/**
 * Everything that can be said of a set before it is in force: contradictions, columns that do not exist, tests that fail are
 * reasons to refuse (HoopError `invalid` that names file, line and reason); the rest is answered as warnings.
 */
export async function checkPolicy(
  set: CompiledPolicy,
  changed: ReadonlySet<string>,
  checks: PolicyChecks | undefined,
): Promise<readonly string[]> {
  const { problems, warnings } = conflictsOf(set.documents, changed);
  if (problems.length > 0) throw invalid(problems);
  const tests = set.documents.filter(({ kind }) => kind === "test");
  if (!checks) {
    if (tests.length > 0) throw new HoopError("unsupported", "policy has tests, and they cannot be run here");
    return warnings;
  }
  const columns = await unknownColumns(set, changed, checks);
  if (columns.problems.length > 0) throw invalid(columns.problems);
  const failed = (await testPolicy(set, tests, checks.read)).filter(({ passed }) => !passed);
  if (failed.length > 0)
    throw invalid(
      failed.flatMap(({ at, name, problems: told }) => told.map((text) => `${at}, test "${name}": ${text}`)),
    );
  return [...warnings, ...columns.warnings, ...unhonoured(set, changed, checks)];
}

/** Rules on connections whose protocol cannot honour them: opening those is refused. */
function unhonoured(set: CompiledPolicy, changed: ReadonlySet<string>, checks: PolicyChecks): string[] {
  const documents = new Map<string, PolicyDocument>(set.documents.map((one) => [one.metadata.name, one]));
  const warnings: string[] = [];
  for (const rule of set.rules) {
    if (!changed.has(rule.id) || rule.mode !== "enforce") continue;
    const needs = needsOfRule(rule);
    if (needs.length === 0) continue;
    const refused = new Map<string, string[]>();
    for (const connection of checks.connections()) {
      const protocol = checks.protocols.find(({ name }) => name === connection.protocol);
      if (!protocol || !concernsConnection(rule, connection)) continue;
      const lacks = lacksOf(needs, protocol);
      if (lacks.length === 0) continue;
      const why = lackText(lacks, protocol);
      refused.set(why, [...(refused.get(why) ?? []), connection.name]);
    }
    for (const [why, names] of refused) {
      const told = names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
      warnings.push(
        problemAt(documents.get(rule.id)!, ["spec"], `${why}: opening ${told} will be refused to whom it concerns`),
      );
    }
  }
  return warnings;
}
