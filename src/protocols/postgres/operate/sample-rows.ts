import type { OwnRehearsal } from "../../../protocol/index.js";
import { quoted } from "./dress-session.js";
import { type Run, stateOf } from "./own-client.js";

/** Longest cell that people are shown, and the largest that is fetched for it. */
const maxShown = 1_000;
const maxFetched = 65_536;

/** The table that is changed. */
export interface Target {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** Its primary key, of types that the server knows by itself; null: none, or of other types. */
  readonly key: readonly { readonly name: string; readonly type: string }[] | null;
}

const targetQuery = `SELECT n.nspname, c.relname,
  (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid::int8)
      ORDER BY k.at)
    FROM pg_catalog.pg_index i CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k(number, at)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
    WHERE i.indrelid = c.oid AND i.indisprimary AND k.at <= i.indnkeyatts)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::pg_catalog.oid`;

export async function readTarget(run: Run, relation: number): Promise<Target | null> {
  const row = (await run(targetQuery, [String(relation)])).rows[0];
  if (row === undefined) return null;
  const [schema, name, columns, key] = row;
  const parts = JSON.parse(key ?? "null") as readonly [string, string, number][] | null;
  const plain = parts?.every(([, , type]) => type < 16_384) === true;
  return {
    schema: schema!,
    name: name!,
    columns: JSON.parse(columns ?? "[]") as string[],
    key: plain ? parts!.map(([part, type]) => ({ name: part, type })) : null,
  };
}

/**
 * The statement with RETURNING appended, inside of a query that gives one row: how many rows, a digest of their keys, and a
 * few of them. Null: nothing may be appended, or there is no key.
 */
export function withKeys({ text, write, salt, samples }: OwnRehearsal, { key }: Target): string | null {
  if (!write.appendable || key === null) return null;
  const parts = key.map(({ name }) => `${write.called}.${quoted(name)}`).join(", ");
  const own = text.replace(/[\s;]+$/, "");
  return `WITH hoop_changed AS (
${own}
RETURNING pg_catalog.jsonb_build_array(${parts})::pg_catalog.text AS k)
SELECT pg_catalog.count(*), pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat('${salt.replace(/[^\w-]/g, "")} ',
 pg_catalog.string_agg(k, ',' ORDER BY k COLLATE pg_catalog."C")), 'UTF8')), 'hex'),
 (SELECT pg_catalog.json_agg(s.k) FROM (SELECT k FROM hoop_changed LIMIT ${samples}) s) FROM hoop_changed`;
}

/** Keys of a few rows, each a JSON list. */
export function readSample(sample: string | null): readonly string[] {
  return sample === null ? [] : (JSON.parse(sample) as string[]);
}

/** Those rows as they are now, by `schema.table.column`. None where the client may not read them. */
export async function sampleRows(
  run: Run,
  { schema, name, columns, key }: Target,
  keys: readonly string[],
): Promise<readonly Readonly<Record<string, string | null>>[]> {
  if (keys.length === 0 || key === null) return [];
  const own = key.map(
    (part, at) => `t.${quoted(part.name)} OPERATOR(pg_catalog.=) (u.e OPERATOR(pg_catalog.->>) ${at})::${part.type}`,
  );
  const cells = columns.map((column) => {
    const cell = `t.${quoted(column)}`;
    const long = `pg_catalog.pg_column_size(${cell}) > ${maxFetched}`;
    return `CASE WHEN ${long} THEN NULL ELSE ${cell} END, ${long}`;
  });
  const text = `SELECT ${cells.join(", ")} FROM pg_catalog.jsonb_array_elements($1::pg_catalog.jsonb) WITH ORDINALITY u(e, at)
    JOIN ${quoted(schema)}.${quoted(name)} t ON ${own.join(" AND ")} ORDER BY u.at`;
  await run("SAVEPOINT hoop_sample");
  try {
    const { rows } = await run(text, [`[${keys.join(",")}]`]);
    return rows.map((row) =>
      Object.fromEntries(
        columns.map((column, at) => [
          `${schema}.${name}.${column}`,
          row[2 * at + 1] === "t" ? "(too long to show)" : shown(row[2 * at] ?? null),
        ]),
      ),
    );
  } catch (error) {
    if (stateOf(error) === null) throw error;
    await run("ROLLBACK TO SAVEPOINT hoop_sample");
    return [];
  }
}

function shown(value: string | null): string | null {
  return value !== null && value.length > maxShown ? `${value.slice(0, maxShown)}…` : value;
}
