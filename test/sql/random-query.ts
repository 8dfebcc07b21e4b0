type Type = "text" | "int" | "other";
interface Field {
  readonly name: string;
  readonly type: Type;
}
interface Source {
  readonly sql: string;
  readonly alias: string;
  readonly fields: readonly Field[];
}

const tables: Readonly<Record<string, readonly Field[]>> = {
  customers: [
    { name: "id", type: "int" },
    { name: "name", type: "text" },
    { name: "email", type: "text" },
  ],
  orders: [
    { name: "id", type: "int" },
    { name: "customer_id", type: "int" },
    { name: "note", type: "text" },
  ],
  mails: [
    { name: "customer", type: "int" },
    { name: "mail", type: "text" },
  ],
  loud: [
    { name: "shout", type: "text" },
    { name: "customer", type: "int" },
    { name: "mail", type: "text" },
  ],
  stored: [
    { name: "id", type: "int" },
    { name: "name", type: "text" },
    { name: "email", type: "text" },
  ],
  "everyone()": [
    { name: "id", type: "int" },
    { name: "name", type: "text" },
    { name: "email", type: "text" },
  ],
  "pairs()": [
    { name: "a", type: "int" },
    { name: "b", type: "text" },
  ],
};

/** Writes queries that the server mostly accepts, from a seed: nested, joined, aliased and renamed in every way. */
export class RandomQuery {
  #state: number;
  #names = 0;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** A query over the tables of the test. */
  query(
    depth: number,
    outer: readonly Source[] = [],
    ctes: readonly Source[] = [],
  ): { sql: string; fields: readonly Field[] } {
    const kind = depth > 0 ? this.#below(10) : 0;
    if (kind === 1) {
      const inner = this.query(depth - 1, [], ctes);
      const cte = this.#derived("", inner.fields);
      const rest = this.query(depth - 1, outer, [...ctes, { ...cte, sql: cte.alias }]);
      return { sql: `with ${cte.alias}${cte.sql} as (${inner.sql}) ${rest.sql}`, fields: rest.fields };
    }
    if (kind === 2) {
      const [a, b] = [this.#texts(depth - 1, outer, ctes), this.#texts(depth - 1, outer, ctes)];
      return { sql: `(${a.sql}) union ${this.#below(2) ? "all " : ""}(${b.sql})`, fields: a.fields };
    }
    if (kind === 3) {
      const start = this.#texts(depth - 1, [], ctes);
      const name = this.#name("r");
      const [x, y] = [this.#name("x"), this.#name("y")];
      const sql = `with recursive ${name}(n, ${x}, ${y}) as (select 1, a.* from (${start.sql}) a union all select n + 1, ${y}, ${x} from ${name} where n < 3) select ${x}, ${y} from ${name}`;
      return { sql, fields: [x, y].map((each) => ({ name: each, type: "text" as const })) };
    }
    return this.#select(depth, outer, ctes);
  }

  /** Two columns of text. */
  #texts(depth: number, outer: readonly Source[], ctes: readonly Source[]): { sql: string; fields: readonly Field[] } {
    const from = this.#from(depth, ctes);
    const visible = [...from.sources, ...outer];
    const [x, y] = [this.#name("x"), this.#name("y")];
    const sql = `select ${this.#text(depth, visible, ctes)} as ${x}, ${this.#text(depth, visible, ctes)} as ${y} from ${from.sql}`;
    return { sql, fields: [x, y].map((name) => ({ name, type: "text" as const })) };
  }

  #select(depth: number, outer: readonly Source[], ctes: readonly Source[]): { sql: string; fields: readonly Field[] } {
    const from = this.#from(depth, ctes);
    const visible = [...from.sources, ...outer];
    const targets: string[] = [];
    const fields: Field[] = [];
    for (let at = this.#below(3); at >= 0; at -= 1) {
      const source = this.#pick(from.sources);
      const kind = this.#below(8);
      if (kind === 0 && !from.merged) {
        targets.push("*");
        fields.push(...from.sources.flatMap((each) => each.fields));
      } else if (kind === 1) {
        targets.push(`${source.alias}.*`);
        fields.push(...source.fields);
      } else if (kind === 2) {
        const name = this.#name("w");
        targets.push(`${source.alias} as ${name}`);
        fields.push({ name, type: "other" });
      } else if (kind < 6) {
        const field = this.#pick(source.fields);
        const name = this.#below(2) ? field.name : this.#name("f");
        targets.push(`${source.alias}.${field.name} as ${name}`);
        fields.push({ name, type: field.type });
      } else {
        const name = this.#name("e");
        targets.push(`${this.#text(depth, visible, ctes)} as ${name}`);
        fields.push({ name, type: "text" });
      }
    }
    const tail = [
      "",
      "",
      "",
      ` order by ${this.#text(0, from.sources, [])}`,
      ` where ${this.#text(0, visible, [])} is not null`,
      " limit 5",
    ];
    return { sql: `select ${targets.join(", ")} from ${from.sql}${this.#pick(tail)}`, fields: unique(fields) };
  }

  #from(depth: number, ctes: readonly Source[]): { sql: string; sources: readonly Source[]; merged: boolean } {
    const first = this.#source(depth, ctes, []);
    if (this.#below(2) === 0) return { sql: first.sql, sources: [first], merged: false };
    const second = this.#source(depth, ctes, [first]);
    const sources = [first, second];
    const shared = first.fields.find((field) =>
      second.fields.some((other) => other.name === field.name && other.type === field.type),
    );
    if (shared !== undefined && !second.sql.startsWith("lateral") && this.#below(2)) {
      const join = this.#pick([
        `join ${second.sql} using (${shared.name})`,
        `full join ${second.sql} using (${shared.name})`,
        `natural left join ${second.sql}`,
      ]);
      return { sql: `${first.sql} ${join}`, sources, merged: true };
    }
    if (this.#below(4) === 0) {
      const all = this.#derived("", [...first.fields, ...second.fields], true);
      return {
        sql: `(${first.sql} cross join ${second.sql}) as ${all.alias}${all.sql}`,
        sources: [all],
        merged: false,
      };
    }
    return { sql: `${first.sql}, ${second.sql}`, sources, merged: false };
  }

  #source(depth: number, ctes: readonly Source[], before: readonly Source[]): Source {
    const kind = this.#below(depth > 0 ? 6 : 3);
    if (kind === 0 && ctes.length > 0) {
      const cte = this.#pick(ctes);
      const named = this.#derived("", cte.fields);
      return { ...named, sql: `${cte.sql} as ${named.alias}${named.sql}` };
    }
    if (kind === 3 || kind === 4) {
      const inner = this.query(depth - 1, [], ctes);
      const named = this.#derived("", inner.fields);
      return { ...named, sql: `(${inner.sql}) as ${named.alias}${named.sql}` };
    }
    if (kind === 5) {
      const inner = this.query(depth - 1, before, ctes);
      const named = this.#derived("", inner.fields);
      return { ...named, sql: `lateral (${inner.sql}) as ${named.alias}${named.sql}` };
    }
    const table = this.#pick(Object.keys(tables));
    const named = this.#derived("", tables[table] ?? []);
    return { ...named, sql: `${table} as ${named.alias}${named.sql}` };
  }

  /** An alias, sometimes with new names for the columns; `sql` is the list of names. */
  #derived(sql: string, fields: readonly Field[], always = false): Source {
    const alias = this.#name("t");
    if (!always && this.#below(3) !== 0) return { sql, alias, fields: unique(fields) };
    const renamed = fields.map((field) => ({ name: this.#name("c"), type: field.type }));
    return { sql: `(${renamed.map((field) => field.name).join(", ")})`, alias, fields: renamed };
  }

  #text(depth: number, visible: readonly Source[], ctes: readonly Source[]): string {
    const source = this.#pick(visible);
    const field = this.#pick(source.fields);
    const column = `${source.alias}.${field.name}`;
    switch (this.#below(depth > 0 ? 12 : 7)) {
      case 0:
        return `upper(${column}::text)`;
      case 1:
        return `${column}::text || 'k'`;
      case 2:
        return `(row_to_json(${source.alias})->>'${field.name}')`;
      case 3:
        return `coalesce(${column}::text, 'k')`;
      case 4:
        return `${source.alias}::text`;
      case 7:
        return `(select ${this.#text(depth - 1, visible, ctes)} limit 1)`;
      case 8:
        return `array_to_string(array(select z::text from (${this.query(depth - 1, visible, ctes).sql}) z limit 3), ',')`;
      case 9:
        return `mail_of(${this.#below(3)})`;
      case 10:
        return `(case when true then ${this.#text(depth - 1, visible, ctes)} else mail_by(1) end)`;
      case 11:
        return `(select string_agg(u, ',') from unnest(array[${column}::text]) u)`;
      default:
        return field.type === "text" ? column : `${column}::text`;
    }
  }

  #name(prefix: string): string {
    this.#names += 1;
    // Names that exist elsewhere too are the interesting ones.
    return this.#below(4) === 0 && prefix !== "t" && prefix !== "r"
      ? this.#pick(["email", "name", "id"])
      : `${prefix}${this.#names}`;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)] as T;
  }

  #below(limit: number): number {
    // https://en.wikipedia.org/wiki/Xorshift
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }
}

/** Fields that can be named without doubt; at least one. */
function unique(fields: readonly Field[]): readonly Field[] {
  const counts = new Map<string, number>();
  for (const field of fields) counts.set(field.name, (counts.get(field.name) ?? 0) + 1);
  const clear = fields.filter((field) => counts.get(field.name) === 1);
  return clear.length > 0 ? clear : fields.slice(0, 1);
}
