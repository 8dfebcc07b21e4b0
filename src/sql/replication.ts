import type { Effect } from "../vocabulary/index.js";
import type { SqlAnalysis } from "./analyser.js";
import { besideSql } from "./beside-sql.js";
import { scanTokens } from "./lexer.js";
import { statementShape } from "./statement-shape.js";

/** By their first word. What streams shows whatever the cluster holds. */
const commands: ReadonlyMap<string, { readonly effects: readonly Effect[]; readonly streams?: true }> = new Map([
  ["identify_system", { effects: ["read"] }],
  ["timeline_history", { effects: ["read"] }],
  ["read_replication_slot", { effects: ["read"] }],
  ["create_replication_slot", { effects: ["admin"] }],
  ["alter_replication_slot", { effects: ["admin"] }],
  ["drop_replication_slot", { effects: ["admin"] }],
  ["upload_manifest", { effects: ["admin"] }],
  ["start_replication", { effects: ["read", "admin"], streams: true }],
  ["base_backup", { effects: ["read", "admin"], streams: true }],
]);

/**
 * What a command of the streaming replication protocol does, in a session for replication. Null: it is none, so it is read as SQL. No SQL begins
 * with one of these words: a server that took the text for SQL would refuse it.
 *
 * @see https://www.postgresql.org/docs/current/protocol-replication.html
 * @example replicationCommand("IDENTIFY_SYSTEM")?.effects // ["read"]
 */
export function replicationCommand(text: string): SqlAnalysis | null {
  let first: string | null = null;
  let over = false;
  let plain = true;
  const complete = scanTokens(text, (kind, start, end) => {
    first ??= kind === "word" ? text.slice(start, end).toLowerCase() : "";
    // One command, with nothing behind its semicolon and no comment that somebody else would read otherwise.
    plain &&= kind !== "comment" && !over;
    over ||= text.slice(start, end) === ";";
  });
  const command = first === null ? undefined : commands.get(first);
  if (command === undefined || first === null || !complete || !plain || text.includes("\0")) return null;
  const { effects, streams } = command;
  return besideSql({
    shape: statementShape(text),
    effects,
    resources: streams ? [{ kind: "relation", name: "?.?", access: "read" }] : [],
    attributes: { noWhere: [], utility: [first], escapes: effects.includes("admin") ? ["replication"] : [] },
    unknowns: [],
  });
}
