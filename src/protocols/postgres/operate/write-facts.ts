import {
  type ForeignKeyAction,
  HoopError,
  type WriteCommand,
  type WriteFacts,
  type WriteForeignKey,
  type WriteTrigger,
} from "../../../vocabulary/index.js";
import type { Run } from "./own-client.js";

/** A database with more than this of one kind is not followed. */
const most = 50_000;

// Replica triggers count too: which of them fire is a setting.
const triggersQuery = `SELECT tgname, tgrelid, tgfoid, tgtype,
  (SELECT pg_catalog.json_agg(m.id[1]::int8) FROM pg_catalog.regexp_matches(tgqual::text, ':(?:op)?funcid ([0-9]+)', 'g') m(id)) FROM pg_catalog.pg_trigger
  WHERE NOT tgisinternal AND tgenabled <> 'D' LIMIT ${most + 1}`;

const foreignKeysQuery = `SELECT conname, conrelid, confrelid, confdeltype, confupdtype FROM pg_catalog.pg_constraint
  WHERE contype = 'f' AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd')) LIMIT ${most + 1}`;

/** By identity, a default that calls nextval or setval (whose ids never change), or a domain with any default. */
const sequencedQuery = `SELECT attrelid FROM pg_catalog.pg_attribute WHERE attidentity <> '' AND NOT attisdropped
  UNION SELECT adrelid FROM pg_catalog.pg_attrdef
    WHERE adbin::text ~ ':(op)?funcid (1574|1576|1765) ' OR adbin::text ~ 'NEXTVALUEEXPR'
  UNION SELECT a.attrelid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    WHERE t.typdefaultbin IS NOT NULL AND NOT a.attisdropped LIMIT ${most + 1}`;

const ruledQuery = `SELECT DISTINCT ev_class FROM pg_catalog.pg_rewrite WHERE ev_type <> '1' LIMIT ${most + 1}`;

const actions: Readonly<Record<string, ForeignKeyAction>> = { c: "cascade", n: "set-null", d: "set-default" };

/** Bits of `pg_trigger.tgtype`. */
const events: readonly (readonly [number, WriteCommand])[] = [
  [4, "insert"],
  [8, "delete"],
  [16, "update"],
];

/** Reads what decides whether a write can be taken back, as our transaction sees it. */
export async function readWriteFacts(run: Run): Promise<WriteFacts> {
  const read = async (text: string): Promise<readonly (readonly string[])[]> => {
    const { rows } = await run(text);
    if (rows.length > most) throw new HoopError("too-large", "the target has more definitions than can be followed");
    return rows as readonly (readonly string[])[];
  };
  return {
    triggers: (await read(triggersQuery)).map(
      ([name, relation, fn, type, calls]): WriteTrigger => ({
        name: name!,
        relation: Number(relation),
        function: Number(fn),
        calls: calls == null ? [] : (JSON.parse(calls) as number[]),
        on: events.filter(([bit]) => (Number(type) & bit) !== 0).map(([, command]) => command),
      }),
    ),
    foreignKeys: (await read(foreignKeysQuery)).map(
      ([name, from, to, onDelete, onUpdate]): WriteForeignKey => ({
        name: name!,
        from: Number(from),
        to: Number(to),
        onDelete: actions[onDelete!] ?? "refuse",
        onUpdate: actions[onUpdate!] ?? "refuse",
      }),
    ),
    sequenced: (await read(sequencedQuery)).map(([id]) => Number(id)),
    ruled: (await read(ruledQuery)).map(([id]) => Number(id)),
  };
}
