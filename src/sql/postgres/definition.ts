import type { Access } from "../../vocabulary/index.js";
import type { ColumnUse } from "../analyser.js";
import { callFunction } from "./call.js";
import { addAll, type Collector } from "./column.js";
import { readCreateFunction } from "./create-function.js";
import { readExpression } from "./expression.js";
import { readQuery } from "./query.js";
import type { Reading } from "./reading.js";
import { readRelation } from "./relation.js";
import { nameRelation } from "./relation-name.js";
import { createScope, type Scope } from "./scope.js";
import { readStatement } from "./statement.js";
import { bodyOf, isKind, isTree, list, names, type Tree, tree, unwrap, word } from "./tree.js";
import type { UtilityKind } from "./utility-kinds.js";

/** Parts of a definition that are expressions, and those that are statements. */
const expressions = new Set([
  "FuncCall",
  "A_Expr",
  "BoolExpr",
  "TypeCast",
  "SubLink",
  "CaseExpr",
  "CoalesceExpr",
  "ColumnRef",
  "NullTest",
  "MinMaxExpr",
]);
const statements = /^(Select|Insert|Update|Delete|Merge|Create|Index|View|Grant|Notify)[A-Za-z]*Stmt$/;
/** What a list of names stands for in DROP. */
const droppedRelations = new Set(
  "OBJECT_TABLE OBJECT_VIEW OBJECT_MATVIEW OBJECT_SEQUENCE OBJECT_FOREIGN_TABLE OBJECT_INDEX".split(" "),
);
/** Changes of a table that take data away, and those that take protection away. */
const destroying = new Set(["AT_DropColumn", "AT_DetachPartition"]);
const guarding =
  /^AT_(ChangeOwner|(Enable|Disable|Force|NoForce)RowSecurity|DisableTrig.*|EnableAlwaysTrig|EnableReplicaTrig|DisableRule|EnableAlwaysRule|EnableReplicaRule|ReplicaIdentity)$/;

/** Every statement that is known by its kind: definitions, rights, maintenance, the session. */
export function readDefinition(reading: Reading, kind: string, known: UtilityKind, body: Tree, scope: Scope): void {
  const { findings } = reading;
  findings.utility.add(known.name);
  findings.effect(...known.effects);
  if (known.escape !== undefined) findings.escapes.add(known.escape);
  if (known.catalogue === true) findings.changesCatalogue = true;
  if (known.context === true) findings.changesContext = true;
  switch (kind) {
    case "TransactionStmt":
      // What was prepared in two phases may be definitions.
      if (word(body.gid) !== "") {
        findings.effect("execute");
        findings.changesCatalogue = true;
        findings.changesMeanings = true;
      }
      return;
    case "DeallocateStmt":
      if (word(body.name) === "") reading.shared.renamed = true;
      else reading.shared.prepared.add(word(body.name));
      return;
    case "CreateFunctionStmt":
      readCreateFunction(reading, body);
      break;
    case "DropStmt":
      drop(reading, body);
      break;
    case "CreateTrigStmt":
    case "CreateEventTrigStmt":
      if (kind === "CreateTrigStmt") touchRelation(reading, tree(body.relation), "define");
      attachFunction(reading, body);
      break;
    case "RenameStmt":
      renameColumn(reading, body);
      new Definition(reading, known.access ?? "execute", "predicate").read(body, scope);
      break;
    case "ViewStmt":
      // A view is another way to what it reads.
      for (const column of readQuery(reading, body.query, createScope(null))) addAll(findings, column.origins, "sink");
      touchRelation(reading, tree(body.view), "define");
      break;
    default:
      new Definition(reading, known.access ?? "execute", stored.has(kind) ? "sink" : "predicate").read(body, scope);
  }
  if (known.renames === true) reading.shared.renamed = true;
  if (known.renames === true || kind === "DropStmt") findings.changesMeanings = true;
}

/** Definitions whose expressions are run again and again, for rows that nobody names then. */
const stored = new Set(
  "AlterTableStmt CreateStmt CreateDomainStmt AlterDomainStmt RuleStmt CreatePolicyStmt AlterPolicyStmt".split(" "),
);

/** A trigger is given each row, and may carry it and whatever else it reads anywhere. */
function attachFunction(reading: Reading, body: Tree): void {
  const { findings } = reading;
  const named = nameRelation(
    reading.index,
    reading.path,
    word(tree(body.relation).schemaname),
    word(tree(body.relation).relname),
  );
  const rows = { relation: named.kind === "known" ? named.relation.id : null, name: "*" };
  readExpression(reading, body.whenClause, createScope(null, new Set()), "predicate", findings);
  if (reading.index.functionsNamed(names(body.funcname).at(-1) ?? "?").length === 0) {
    findings.add(rows, "sink");
    return;
  }
  callFunction(reading, names(body.funcname), {
    use: "sink",
    out: findings,
    argument: () => findings.add(rows, "sink"),
  });
}

/** A mask goes by the column's name. */
function renameColumn(reading: Reading, body: Tree): void {
  if (word(body.renameType) !== "OBJECT_COLUMN" && word(body.renameType) !== "OBJECT_ATTRIBUTE") return;
  const range = tree(body.relation);
  const named = nameRelation(reading.index, reading.path, word(range.schemaname), word(range.relname));
  if (named.kind === "known") reading.findings.reach.add(named.relation.id);
  const relation = named.kind === "known" ? named.relation.id : null;
  reading.findings.add({ relation, name: word(body.subname) }, "sink");
}

function drop(reading: Reading, body: Tree): void {
  const type = word(body.removeType);
  for (const each of list(body.objects)) {
    const path = names(bodyOf(each, "List")?.items);
    if (droppedRelations.has(type))
      touchRelation(reading, { relname: path.at(-1), schemaname: path.at(-2) }, "destroy");
    else if (type === "OBJECT_SCHEMA")
      reading.findings.resource("relation", `${word(bodyOf(each, "String")?.sval)}.?`, "destroy");
    else if (["OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE"].includes(type)) {
      const named = names(bodyOf(each, "ObjectWithArgs")?.objname);
      reading.findings.resource("function", `${named.at(-2) ?? "?"}.${named.at(-1) ?? "?"}`, "destroy");
    } else if (["OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY"].includes(type)) {
      touchRelation(reading, { relname: path.at(-2), schemaname: path.at(-3) }, "define");
      if (type === "OBJECT_POLICY") reading.findings.effect("admin");
    } else if (
      ["OBJECT_EXTENSION", "OBJECT_FDW", "OBJECT_FOREIGN_SERVER", "OBJECT_LANGUAGE", "OBJECT_EVENT_TRIGGER"].includes(
        type,
      )
    )
      reading.findings.effect("admin");
  }
}

/** A relation that a definition makes, changes or ends. */
export function touchRelation(reading: Reading, range: Tree, access: Access): void {
  const named = nameRelation(reading.index, reading.path, word(range.schemaname), word(range.relname));
  const temporary = range.relpersistence === "t";
  if (named.kind === "known" && !temporary) {
    reading.findings.resource("relation", `${named.relation.schema}.${named.relation.name}`, access);
    reading.findings.reach.add(named.relation.id);
  } else if (named.kind === "system") {
    reading.findings.resource("relation", named.name, access);
    if (access !== "execute") reading.findings.effect("admin");
  } else {
    // What is about to be made stands in the first schema of the path.
    const schema = word(range.schemaname) || (access === "define" ? (reading.path[0] ?? "?") : "?");
    reading.findings.resource("relation", `${temporary ? "pg_temp" : schema}.${word(range.relname)}`, access);
  }
}

class Definition {
  constructor(
    readonly reading: Reading,
    readonly access: Access,
    readonly use: ColumnUse,
  ) {}

  read(node: unknown, scope: Scope): void {
    const own = createScope(scope);
    const subject = tree(tree(node).relation);
    // Expressions of an index, a policy or a column see the table's columns.
    if (word(subject.relname) !== "") {
      const named = nameRelation(
        this.reading.index,
        this.reading.path,
        word(subject.schemaname),
        word(subject.relname),
      );
      if (named.kind === "known") own.items.push(readRelation(this.reading, subject, word(subject.relname)));
    }
    this.#walk(node, own);
  }

  #walk(node: unknown, scope: Scope): void {
    if (Array.isArray(node)) {
      for (const each of node) this.#walk(each, scope);
      return;
    }
    if (!isTree(node)) return;
    if (word(node.relname) !== "") touchRelation(this.reading, node, this.access);
    for (const [key, value] of Object.entries(node)) {
      if (!isTree(value) && !Array.isArray(value)) continue;
      if (!isKind(key)) this.#walk(value, scope);
      else if (expressions.has(key))
        readExpression(this.reading, { [key]: value }, scope, this.use, this.reading.findings);
      else if (statements.test(key)) {
        const { findings } = this.reading;
        // What a rule's action shows, it shows to whoever sets it off.
        const shown: Collector = { add: (origin, use) => findings.add(origin, use === "target" ? use : this.use) };
        readStatement(this.reading, { [key]: value }, scope, this.use === "sink" ? shown : findings);
      } else {
        if (key === "AlterTableCmd") this.#command(tree(value));
        if (key === "RoleSpec") this.reading.findings.resource("role", word(tree(value).rolename) || "?", "define");
        this.#walk(value, scope);
      }
    }
  }

  #command(command: Tree): void {
    const type = word(command.subtype);
    if (destroying.has(type)) this.reading.findings.effect("destroy");
    if (guarding.test(type)) {
      this.reading.findings.effect("admin");
      this.reading.findings.escapes.add(type.includes("RowSecurity") ? "row_security" : "alter_owner");
    }
    if (unwrap(command.def)?.kind === "PartitionCmd") this.reading.findings.effect("define");
  }
}
