import type { CatalogueFunction, CatalogueRelation } from "../../vocabulary/index.js";
import { Findings } from "./findings.js";
import { readPlpgsql } from "./plpgsql.js";
import { type Reading, UnreadableText } from "./reading.js";
import { createScope } from "./scope.js";
import { readBodyStatements } from "./statement.js";
import { bodyOf, list, names, type Tree, tree, word } from "./tree.js";

/** Languages whose code stays inside of the database. */
const trusted = new Set(["sql", "plpgsql", "pltcl", "plperl"]);

/** CREATE FUNCTION and PROCEDURE: nothing runs yet, but a body that runs with its owner's rights, or outside, is a way out. */
export function readCreateFunction(reading: Reading, body: Tree): void {
  const { findings } = reading;
  const path = names(body.funcname);
  findings.resource("function", `${path.at(-2) ?? reading.path[0] ?? "?"}.${path.at(-1) ?? "?"}`, "define");
  const options = new Map(
    list(body.options).map((each) => {
      const option = tree(bodyOf(each, "DefElem"));
      return [word(option.defname), option.arg];
    }),
  );
  const language = word(bodyOf(options.get("language"), "String")?.sval).toLowerCase() || "sql";
  if (!trusted.has(language)) {
    findings.effect("admin");
    findings.escapes.add("untrusted_language");
  }
  if (isTrue(options.get("security"))) {
    findings.effect("admin");
    findings.escapes.add("security_definer");
  }
  const source = names(bodyOf(options.get("as"), "List")?.items)[0];
  const replaced = reading.index
    .functionsNamed(path.at(-1) ?? "?")
    .filter((fn) => path.length < 2 || fn.schema === path.at(-2));
  namesEscapes(reading, language, source ?? null, attachedTo(reading, replaced));
}

/** Relations that run one of these functions by themselves: by a trigger, a default, a constraint. */
function attachedTo(reading: Reading, functions: readonly CatalogueFunction[]): readonly CatalogueRelation[] {
  if (functions.length === 0) return [];
  const ids = new Set(functions.map((fn) => fn.id));
  return reading.index.catalogue.relations.filter(({ triggers, calls }) =>
    [...triggers, ...calls].some((id) => ids.has(id)),
  );
}

/** Its escape hatches are named already where it is made; what else it does counts when it is called. */
function namesEscapes(
  reading: Reading,
  language: string,
  source: string | null,
  runBy: readonly CatalogueRelation[],
): void {
  const findings = new Findings(reading.index);
  const inner: Reading = { ...reading, findings, depth: reading.depth + 1 };
  try {
    if (source === null) findings.opaque = runBy.length > 0;
    else if (language === "sql")
      readBodyStatements(inner, reading.parser.parse(source), createScope(null, new Set()), findings);
    else if (language === "plpgsql") readPlpgsql(inner, { body: source, procedure: false }, findings);
  } catch (thrown) {
    if (!(thrown instanceof UnreadableText)) throw thrown;
    findings.opaque = true;
  }
  for (const name of findings.escapes) reading.findings.escapes.add(name);
  for (const id of findings.reach) reading.findings.reach.add(id);
  if (runBy.length === 0) return;
  // Nobody calls it where its body would be judged: it is given rows, and what it reads may go anywhere.
  for (const { relation, name, use } of findings.columns())
    if (use !== "target") reading.findings.add({ relation, name }, "sink");
  const reads = [...findings.effects].every((effect) => effect === "read");
  if (!reads || findings.opaque) for (const { id } of runBy) reading.findings.add({ relation: id, name: "*" }, "sink");
  if (findings.opaque) reading.findings.add({ relation: null, name: "*" }, "sink");
  reading.findings.opaque ||= findings.opaque;
}

function isTrue(node: unknown): boolean {
  const value = bodyOf(node, "Boolean");
  return value !== null && value.boolval === true;
}
