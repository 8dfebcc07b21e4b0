import {
  type Catalogue,
  type CatalogueFunction,
  type CatalogueRelation,
  type CatalogueType,
  HoopError,
} from "../../../vocabulary/index.js";
import * as sql from "./catalogue-queries.js";

/** Runs one of our own queries; rows as arrays. */
export type Query = (text: string) => Promise<readonly (readonly unknown[])[]>;

/** A larger target database than this cannot be held in memory for each replica. */
const most = { relations: 100_000, columns: 2_000_000, functions: 100_000, text: 128 * 1024 * 1024 } as const;

const kinds: Readonly<Record<string, CatalogueRelation["kind"]>> = {
  r: "table",
  p: "partitioned",
  v: "view",
  m: "materialized",
  f: "foreign",
  S: "sequence",
};
const functionKinds: Readonly<Record<string, CatalogueFunction["kind"]>> = {
  f: "function",
  p: "procedure",
  a: "aggregate",
  w: "window",
};
const volatilities = { i: "immutable", s: "stable", v: "volatile" } as const;

/**
 * Reads the slice of the catalogue that analysis and masks need, in one snapshot. Null: nothing changed since `known`.
 *
 * @throws HoopError `too-large` when the database has more than can be kept
 */
export async function readCatalogue(query: Query, key: string, known: string | null): Promise<Catalogue | null> {
  const version = String((await query(sql.versionQuery))[0]![0]);
  if (version === known) return null;
  await query("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  try {
    return await readSlice(query, key, version);
  } finally {
    await query("ROLLBACK");
  }
}

type TypeRow = [id: number, schema: string, name: string, fn: number | null, text: boolean];

async function readSlice(query: Query, key: string, version: string): Promise<Catalogue> {
  const [role, searchPath, superuser, serverVersion] = (await query(sql.selfQuery))[0]! as [
    string,
    string[],
    boolean,
    number,
  ];
  // Definitions come with every name of users' schemas qualified then.
  await query("SET LOCAL search_path = pg_catalog");
  const sizes = (await query(sql.sizeQuery))[0]! as number[];
  for (const [i, what] of (["relations", "columns", "functions", "text"] as const).entries()) {
    if (sizes[i]! > most[what]) {
      const unit = what === "text" ? "bytes of function bodies" : what;
      throw new HoopError(
        "too-large",
        `the target's catalogue has ${sizes[i]} ${unit}, more than the ${most[what]} that can be followed`,
      );
    }
  }
  const [columns, parents, reads, triggers, calls] = [
    grouped(await query(sql.columnsQuery)),
    pairs(await query(sql.parentsQuery)),
    pairs(await query(sql.readsQuery)),
    pairs(await query(sql.triggersQuery)),
    pairs(await query(sql.callsQuery)),
  ];
  const generated = new Map<string, number[]>();
  for (const [relation, number, of] of serverVersion >= 120_000 ? await query(sql.generatedQuery) : []) {
    const key = `${relation}.${number}`;
    generated.set(key, [...(generated.get(key) ?? []), of as number]);
  }
  const digests = new Map((await query(sql.relationDigestsQuery)) as [number, string][]);
  const rows = (await query(sql.relationsQuery)) as [number, string, string, string, string | null][];
  const system = new Map(rows.filter(([, schema]) => schema === "pg_catalog").map(([id, , name]) => [name, id]));
  const relations = rows.map(
    ([id, schema, name, kind, definition]): CatalogueRelation => ({
      id,
      schema,
      name,
      kind: kinds[kind] ?? "other",
      columns: (columns.get(id) ?? []).map(([, number, column, typeId, notNull]) => {
        const madeOf = generated.get(`${id}.${number}`);
        return {
          number: number as number,
          name: column as string,
          typeId: typeId as number,
          ...(madeOf === undefined ? {} : { madeOf }),
          ...(notNull === true ? { notNull } : {}),
        };
      }),
      parents: parents.get(id) ?? [],
      reads: [...new Set([...(reads.get(id) ?? []), ...readsOfSystem(id, definition, system)])],
      definition,
      ...(digests.has(id) ? { digest: digests.get(id)! } : {}),
      triggers: triggers.get(id) ?? [],
      calls: calls.get(id) ?? [],
    }),
  );
  const functionColumns = new Map(
    (await query(sql.functionColumnsQuery)).map(([id, names]) => [id as number, names as string[]]),
  );
  const functionCalls = pairs(await query(sql.functionCallsQuery));
  const functions = ((await query(sql.functionsQuery(serverVersion))) as unknown[][]).map((row) => {
    const named = functionFrom(row);
    const given = functionColumns.get(named.id);
    const fn = given === undefined ? named : { ...named, columns: given };
    const called = functionCalls.get(fn.id) ?? (fn.kind === "aggregate" ? [] : undefined);
    return called === undefined ? fn : { ...fn, calls: called };
  });
  const types = new Map<number, CatalogueType & { readonly calls: number[] }>();
  for (const [id, schema, name, fn, text] of (await query(sql.typesQuery)) as TypeRow[]) {
    const type = types.get(id) ?? { id, schema, name, calls: [], ...(text ? { text } : {}) };
    types.set(id, type);
    if (fn !== null) type.calls.push(fn);
  }
  const systemFunctions = { immutable: [] as string[], stable: [] as string[], volatile: [] as string[] };
  for (const [volatility, name] of (await query(sql.systemFunctionsQuery)) as [keyof typeof volatilities, string][]) {
    systemFunctions[volatilities[volatility]].push(name);
  }
  const operators = ((await query(sql.operatorsQuery)) as [string, string, number][]).map(([schema, name, fn]) => ({
    schema,
    name,
    function: fn,
  }));
  return {
    ...{ key, version, serverVersion, relations, functions, systemFunctions, searchPath, role, superuser, operators },
    systemFunctionIds: ((await query(sql.systemFunctionIdsQuery)) as [number, string][]).map(([id, name]) => ({
      id,
      name,
    })),
    systemFunctionColumns: ((await query(sql.systemFunctionColumnsQuery)) as [string, string, string[] | null][]).map(
      ([schema, name, columns]) => ({ schema, name, columns }),
    ),
    types: [...types.values()],
    systemTypes: (await query(sql.systemTypesQuery)).map(([name]) => name as string),
    implicitCasts: (await query(sql.implicitCastsQuery)).map(([id]) => id as number),
    systemRelations: (await query(sql.systemRelationsQuery)).map(([id]) => id as number),
    closedSchemas: (await query(sql.closedSchemasQuery)).map(([name]) => name as string),
  };
}

function functionFrom([
  id,
  schema,
  name,
  kind,
  language,
  volatility,
  securityDefiner,
  body,
  settings,
]: readonly unknown[]): CatalogueFunction {
  return {
    id: id as number,
    schema: schema as string,
    name: name as string,
    kind: functionKinds[kind as string] ?? "function",
    language: language as string,
    volatility: volatilities[volatility as keyof typeof volatilities] ?? "volatile",
    securityDefiner: securityDefiner === true,
    body: body as string | null,
    ...(settings === null ? {} : { settings: settings as string[] }),
  };
}

/** The server keeps no dependencies on its own pinned relations: that a view reads one shows in its text only. */
function readsOfSystem(id: number, definition: string | null, system: ReadonlyMap<string, number>): number[] {
  if (definition === null) return [];
  const found: number[] = [];
  for (const name of definition.match(/\bpg_[a-z_]+\b/g) ?? []) {
    const relation = system.get(name);
    if (relation !== undefined && relation !== id) found.push(relation);
  }
  return found;
}

function grouped(rows: readonly (readonly unknown[])[]): Map<number, (readonly unknown[])[]> {
  const groups = new Map<number, (readonly unknown[])[]>();
  for (const row of rows) {
    const group = groups.get(row[0] as number);
    if (group === undefined) groups.set(row[0] as number, [row]);
    else group.push(row);
  }
  return groups;
}

function pairs(rows: readonly (readonly unknown[])[]): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const [id, rest] of grouped(rows))
    found.set(
      id,
      rest.map((row) => row[1] as number),
    );
  return found;
}
