import { compileGlob } from "../masking/glob.js";
import { maskText } from "../masking/index.js";
import type { PolicySource } from "../policy/index.js";
import type { Rehearsal, Review } from "../reviews/index.js";
import type { ColumnMask, Connection, Mask, Subject } from "../vocabulary/index.js";

type Tried = Extract<Rehearsal, { kind: "tried" }>;
type Rows = Tried["before"];

export interface RehearsalMasking {
  readonly policy: PolicySource;
  /** By id; undefined: it is gone. */
  readonly connection: (id: string) => Connection | undefined;
  readonly mayConnect: (subject: Subject, connection: Connection) => boolean;
  readonly key: Buffer;
}

/**
 * A rehearsal as one viewer may see it: values under the masks that hold for them on this connection. Who may not open the
 * connection sees how much changes and not what.
 */
export function maskRehearsal(
  ports: RehearsalMasking,
  viewer: Subject,
  review: Review,
  rehearsal: Rehearsal,
): Rehearsal {
  if (rehearsal.kind !== "tried") return rehearsal;
  const connection = ports.connection(review.connections[0]?.id ?? "");
  const rows =
    connection === undefined || !ports.mayConnect(viewer, connection)
      ? (list: Rows) => masked(list, () => redact, ports.key)
      : maskedFor(ports, viewer, connection, review);
  return { ...rehearsal, before: rows(rehearsal.before), after: rows(rehearsal.after) };
}

const redact: Mask = { method: "redact" };

function maskedFor(ports: RehearsalMasking, viewer: Subject, connection: Connection, review: Review) {
  const { masks, scans = [] } = ports.policy.current().masksFor(viewer, connection, Date.now());
  const relations = (review.head.analysis?.resources ?? [])
    .filter(({ kind, access }) => kind === "relation" && access !== "read")
    .map(({ name }) => name.toLowerCase());
  return (list: Rows) =>
    masked(
      list,
      // Rules that look for what values look like are for streams; a sample of a few rows is hidden instead.
      (column) => maskOf(masks, relations, column) ?? (scans.length > 0 ? redact : null),
      ports.key,
    );
}

/** The mask of a column of any relation that is written; of an unknown relation, any rule of that column's name. */
function maskOf(masks: readonly ColumnMask[], relations: readonly string[], column: string): Mask | null {
  const parts = column.toLowerCase().split(".");
  const name = parts.at(-1)!;
  const owners = parts.length > 1 ? [parts.slice(0, -1).join(".")] : relations;
  const found = masks.find(({ pattern }) => {
    const [schema = "*", table = "*", own = "*"] = pattern.split(".");
    if (!compileGlob(own)(name)) return false;
    return owners.length === 0 || owners.some((owner) => matches(schema, table, owner));
  });
  return found?.mask ?? null;
}

function matches(schema: string, table: string, owner: string): boolean {
  const [ownTable = "?", ownSchema = "?"] = owner.split(".").reverse();
  // What could not be resolved may be anything.
  return (ownSchema === "?" || compileGlob(schema)(ownSchema)) && (ownTable === "?" || compileGlob(table)(ownTable));
}

function masked(rows: Rows, maskFor: (column: string) => Mask | null, key: Buffer): Rows {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([column, value]) => {
        const mask = value === null ? null : maskFor(column);
        return [column, mask === null || value === null ? value : maskText(mask, value, key)];
      }),
    ),
  );
}
