type Type = "text" | "int" | "bool" | "json" | "other";
interface Field {
  readonly name: string;
  readonly type: Type;
  /** Comparing it cannot differ from twin to twin unless by order and equality, which are the same. */
  readonly comparable: boolean;
}
interface Source {
  readonly sql: string;
  readonly alias: string;
  readonly fields: readonly Field[];
}

const field = (name: string, type: Type, comparable = true): Field => ({ name, type, comparable });

const customers = [
  field("id", "int"),
  field("name", "text"),
  field("email", "text"),
  field("ssn", "text"),
  field("card", "int"),
  field("profile", "json", false),
  field("vip", "bool"),
  field("extra", "other", false),
  field("made", "text"),
  field("mood", "other"),
  field("tag", "text"),
];

const tables: Readonly<Record<string, readonly Field[]>> = {
  customers,
  orders: [
    field("id", "int"),
    field("customer_id", "int"),
    field("note", "text"),
    field("total", "int"),
    field("contact", "text"),
  ],
  notes: [field("id", "int"), field("body", "text")],
  events: [field("at", "int"), field("who", "text"), field("email", "text")],
  base: [field("id", "int"), field("nick", "text"), field("ssn", "text")],
  mails: [field("customer", "int"), field("mail", "text")],
  loud: [field("shout", "text"), field("customer", "int"), field("mail", "text")],
  faces: [field("id", "int"), field("face", "text"), field("vip", "bool")],
  mixed: [field("id", "int"), field("word", "text")],
  sums: [field("name", "text"), field("orders", "int"), field("total", "int"), field("top", "text")],
  rows: [field("id", "int"), field("doc", "json", false), field("place", "int")],
  stored: [field("id", "int"), field("name", "text"), field("kept", "text")],
  "everyone()": customers,
  "pairs()": [field("a", "int"), field("b", "text")],
  "faces_of(3)": [field("a", "int"), field("b", "text")],
  "two()": [field("x", "int"), field("y", "text")],
};
const tableNames = Object.keys(tables);

/** What is asked, and how. */
export interface Asked {
  readonly before: readonly string[];
  readonly sql: string;
  readonly mode: Mode;
}

export const modes = [
  "simple",
  "describe",
  "blind",
  "binary",
  "several",
  "copy-text",
  "copy-csv",
  "copy-binary",
  "cursor",
  "prepared",
  "explain",
] as const;
export type Mode = (typeof modes)[number];

interface Query {
  readonly sql: string;
  readonly fields: readonly Field[];
}

/** Writes queries that the server mostly accepts, from a seed: nested, joined, aliased, renamed and made into others in every way. */
export class Grammar {
  #state: number;
  #names = 0;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2_654_435_761) ^ 0x9e3779b9) >>> 0 || 1;
    for (let warm = 0; warm < 4; warm += 1) this.#below(2);
  }

  ask(): Asked {
    const mode = this.#pick(modes);
    const writes = !mode.startsWith("copy") && mode !== "cursor" && this.#below(8) === 0;
    const { sql } = writes ? this.#modification() : this.#query(1 + this.#below(3), [], []);
    return { before: [], sql, mode };
  }

  #query(depth: number, outer: readonly Source[], ctes: readonly Source[]): Query {
    const kind = depth > 0 ? this.#below(12) : 11;
    if (kind === 0) {
      const inner = this.#query(depth - 1, [], ctes);
      const cte = this.#derived("", inner.fields);
      const rest = this.#query(depth - 1, outer, [...ctes, { ...cte, sql: cte.alias }]);
      const how = this.#pick(["", "", " materialized", " not materialized"]);
      return { sql: `with ${cte.alias}${cte.sql} as${how} (${inner.sql}) ${rest.sql}`, fields: rest.fields };
    }
    if (kind === 1) {
      const [a, b] = [this.#texts(depth - 1, outer, ctes), this.#texts(depth - 1, outer, ctes)];
      const op = this.#pick(["union all", "union all", "union", "intersect", "except"]);
      return { sql: `(${a.sql}) ${op} (${b.sql})`, fields: a.fields };
    }
    if (kind === 2) {
      const start = this.#texts(depth - 1, [], ctes);
      const name = this.#name("r");
      const [x, y, z] = [this.#name("x"), this.#name("y"), this.#name("z")];
      const step = this.#pick([`${y}, ${x}, ${z}`, `${y}, ${y}, upper(${z})`, `coalesce(${x}, ${z}), ${x} || '', 'k'`]);
      return {
        sql: `with recursive ${name}(n, ${x}, ${y}, ${z}) as (select 1, a.*, 'c' from (${start.sql}) a union all select n + 1, ${step} from ${name} where n < 3) select * from ${name} order by 1, 2, 3, 4`,
        fields: [field("n", "int"), ...[x, y, z].map((each) => field(each, "text", false))],
      };
    }
    if (kind === 3) {
      const alias = this.#name("v");
      const [a, b] = [this.#name("p"), this.#name("q")];
      const visible = [...outer];
      const rows = [0, 1].map(() => `(${this.#below(9)}, ${this.#text(depth - 1, visible, ctes)})`);
      return {
        sql: `select * from (values ${rows.join(", ")}) ${alias}(${a}, ${b})`,
        fields: [field(a, "int"), field(b, "text", false)],
      };
    }
    if (kind === 4) return this.#grouped(depth, outer, ctes);
    return this.#select(depth, outer, ctes);
  }

  /** Two columns of text. */
  #texts(depth: number, outer: readonly Source[], ctes: readonly Source[]): Query {
    const from = this.#from(depth, ctes);
    const visible = [...from.sources, ...outer];
    const [x, y] = [this.#name("x"), this.#name("y")];
    const targets = [x, y].map((name) => `${this.#text(depth, visible, ctes)}::text as ${name}`);
    return {
      sql: `select ${targets.join(", ")} from ${from.sql}`,
      fields: [x, y].map((name) => field(name, "text", false)),
    };
  }

  #grouped(depth: number, outer: readonly Source[], ctes: readonly Source[]): Query {
    const from = this.#from(depth, ctes);
    const source = this.#pick(from.sources);
    const groups = source.fields.filter(({ comparable, type }) => comparable && type !== "json");
    if (groups.length === 0) return this.#select(depth, outer, ctes);
    const by = this.#pick(groups);
    const [g, a] = [this.#name("g"), this.#name("a")];
    const aggregate = this.#aggregate(depth, [...from.sources, ...outer], ctes);
    const having = this.#below(4) === 0 ? " having count(*) > 0" : "";
    return {
      sql: `select ${source.alias}.${by.name} as ${g}, ${aggregate} as ${a} from ${from.sql} group by ${source.alias}.${by.name}${having} order by ${source.alias}.${by.name}`,
      fields: [field(g, by.type), field(a, "other", false)],
    };
  }

  #aggregate(depth: number, visible: readonly Source[], ctes: readonly Source[]): string {
    const text = this.#text(depth - 1, visible, ctes);
    const order = this.#below(3) === 0 ? ` order by ${this.#order(visible)}` : "";
    return this.#pick([
      "count(*)",
      `count(${text})`,
      `count(distinct ${text})`,
      `min(${text})`,
      `max(${text})`,
      `string_agg(${text}, ',' order by 1)`,
      `array_agg(${text}${order})`,
      `json_agg(${text}${order})`,
      `jsonb_object_agg('k', ${text})`,
      `glue(${text})`,
      `bool_or(${text} is null)`,
      `count(*) filter (where ${text} is not null)`,
      `min(length(${text}))`,
      `mode() within group (order by ${text})`,
      `(array_agg(${text}))[1]`,
    ]);
  }

  #select(depth: number, outer: readonly Source[], ctes: readonly Source[]): Query {
    const from = this.#from(depth, ctes);
    const visible = [...from.sources, ...outer];
    const targets: string[] = [];
    const fields: Field[] = [];
    for (let at = this.#below(4); at >= 0; at -= 1) {
      const source = this.#pick(from.sources);
      const kind = this.#below(16);
      if (kind === 0) {
        targets.push("*");
        fields.push(...from.star);
      } else if (kind === 1) {
        targets.push(this.#below(3) === 0 ? `(${source.alias}).*` : `${source.alias}.*`);
        fields.push(...source.fields);
      } else if (kind === 2) {
        const name = this.#name("w");
        targets.push(`${this.#row(source)} as ${name}`);
        fields.push(field(name, "other", false));
      } else if (kind < 8) {
        const each = this.#pick(source.fields);
        const name = this.#below(2) ? each.name : this.#name("f");
        targets.push(
          this.#below(6) === 0
            ? `(${source.alias}).${each.name} as ${name}`
            : `${source.alias}.${each.name} as ${name}`,
        );
        fields.push({ ...each, name });
      } else if (kind === 8) {
        const name = this.#name("o");
        targets.push(`${this.#window(depth, visible, ctes)} as ${name}`);
        fields.push(field(name, "other", false));
      } else if (kind === 9) {
        const name = this.#name("j");
        targets.push(`${this.#json(depth, source, visible, ctes)} as ${name}`);
        fields.push(field(name, "other", false));
      } else if (kind === 10) {
        const name = this.#name("b");
        targets.push(`${this.#condition(depth, visible, ctes)} as ${name}`);
        fields.push(field(name, "bool", false));
      } else {
        const name = this.#name("e");
        targets.push(`${this.#text(depth, visible, ctes)} as ${name}`);
        fields.push(field(name, "text", false));
      }
    }
    const where = this.#below(3) === 0 ? ` where ${this.#condition(depth, visible, ctes)}` : "";
    const order = ` order by ${this.#order(from.sources)}`;
    const limit = this.#below(4) === 0 ? ` limit ${1 + this.#below(4)}` : "";
    return { sql: `select ${targets.join(", ")} from ${from.sql}${where}${order}${limit}`, fields };
  }

  #order(visible: readonly Source[]): string {
    return (
      visible
        .flatMap(({ alias, fields }) => {
          const one = fields.find(({ comparable, type }) => comparable && type !== "json" && type !== "other");
          return one === undefined ? [] : [`${alias}.${one.name}`];
        })
        .slice(0, 3)
        .join(", ") || "1"
    );
  }

  #from(depth: number, ctes: readonly Source[]): { sql: string; sources: readonly Source[]; star: readonly Field[] } {
    const first = this.#source(depth, ctes);
    if (this.#below(3) > 0) return { sql: first.sql, sources: [first], star: first.fields };
    const second = this.#source(Math.max(0, depth - 1), ctes);
    const kind = this.#below(6);
    const shared = first.fields.filter((one) =>
      second.fields.some((two) => two.name === one.name && two.type === one.type && one.comparable),
    );
    const using = shared.length > 0 ? this.#pick(shared) : null;
    if (kind === 0 && using !== null) {
      const how = this.#pick(["join", "left join", "right join", "full join"]);
      const sql = `${first.sql} ${how} ${second.sql} using (${using.name})`;
      const star = [using, ...[...first.fields, ...second.fields].filter(({ name }) => name !== using.name)];
      // Where a name stands for two, `t.name` still means one.
      return { sql, sources: [first, second], star };
    }
    if (kind === 1) {
      const inner = this.#name("l");
      const one = this.#name("x");
      const lateral = { alias: inner, fields: [field(one, "text", false)], sql: "" };
      const sql = `${first.sql}, lateral (select ${this.#text(depth - 1, [first], ctes)} as ${one}) ${inner}`;
      return { sql, sources: [first, lateral], star: [...first.fields, ...lateral.fields] };
    }
    if (kind === 2) {
      const g = this.#name("s");
      const series = { alias: g, fields: [field(g, "int")], sql: "" };
      return {
        sql: `${first.sql} cross join generate_series(1, 2) ${g}`,
        sources: [first, series],
        star: [...first.fields, ...series.fields],
      };
    }
    const how = this.#pick(["join", "left join", "full join", "cross join"]);
    const on = how === "cross join" ? "" : " on true";
    const sql =
      how === "full join" ? `${first.sql} cross join ${second.sql}` : `${first.sql} ${how} ${second.sql}${on}`;
    return { sql, sources: [first, second], star: [...first.fields, ...second.fields] };
  }

  #source(depth: number, ctes: readonly Source[]): Source {
    const alias = this.#name("t");
    if (ctes.length > 0 && this.#below(3) === 0) {
      const cte = this.#pick(ctes);
      return { ...cte, alias, sql: `${cte.sql} ${alias}` };
    }
    if (depth > 0 && this.#below(3) === 0) {
      const inner = this.#query(depth - 1, [], ctes);
      const derived = this.#derived("", inner.fields);
      return { ...derived, sql: `(${inner.sql}) ${derived.alias}${derived.sql}` };
    }
    const name = this.#pick(tableNames);
    const fields = tables[name]!;
    if (this.#below(5) === 0) {
      // Only some of the columns are renamed.
      const renamed = fields
        .slice(0, 1 + this.#below(fields.length))
        .map((each) => ({ ...each, name: this.#name("c") }));
      return {
        alias,
        fields: [...renamed, ...fields.slice(renamed.length)],
        sql: `${name} ${alias}(${renamed.map((each) => each.name).join(", ")})`,
      };
    }
    return { alias, fields, sql: `${name} ${alias}` };
  }

  /** A name for a query, with new names for all of its columns. */
  #derived(prefix: string, fields: readonly Field[]): Source {
    const alias = this.#name("d");
    const named = fields.map((each) => ({ ...each, name: this.#name("c") }));
    return { alias, fields: named, sql: `${prefix}(${named.map((each) => each.name).join(", ")})` };
  }

  #row({ alias }: Source): string {
    return this.#pick([
      alias,
      `row_to_json(${alias})`,
      `to_jsonb(${alias})`,
      `${alias}::text`,
      `row(${alias}.*)`,
      `array[${alias}::text]`,
      `to_json(${alias}) #>> '{}'`,
    ]);
  }

  #json(depth: number, source: Source, visible: readonly Source[], ctes: readonly Source[]): string {
    const text = () => this.#text(depth - 1, visible, ctes);
    return this.#pick([
      `json_build_object('a', ${text()}, 'b', ${text()})`,
      `jsonb_build_array(${text()}, 1)`,
      `json_build_object('a', 'plain')`,
      `to_jsonb(${text()}) || '[1]'`,
      `(select json_agg(z) from (select ${text()} as z) y)`,
      `jsonb_set('{"a": 1}', '{a}', to_jsonb(${text()}))`,
      `row_to_json(row(${text()}, 1))`,
      `xmlelement(name x, ${text()})::text`,
      `(to_jsonb(${source.alias}) -> '${this.#pick(source.fields).name}')::text`,
    ]);
  }

  #window(depth: number, visible: readonly Source[], ctes: readonly Source[]): string {
    const over = `over (order by ${this.#order(visible)})`;
    const text = this.#text(depth - 1, visible, ctes);
    return this.#pick([
      `first_value(${text}) ${over}`,
      `lag(${text}, 1, 'none') ${over}`,
      `last_value(${text}) ${over}`,
      `nth_value(${text}, 2) ${over}`,
      `max(${text}) ${over}`,
      `count(${text}) ${over}`,
      `row_number() ${over}`,
      `string_agg(${text}, '') ${over}`,
      `sum(length(${text})) ${over}`,
    ]);
  }

  /** What is the same in both twins wherever only order, equality and NULLs are. */
  #condition(depth: number, visible: readonly Source[], ctes: readonly Source[]): string {
    const fields = visible.flatMap(({ alias, fields: own }) =>
      own.map((each) => ({ ...each, name: `${alias}.${each.name}` })),
    );
    if (fields.length === 0) return "true";
    const any = this.#pick(fields);
    const texts = fields.filter(({ type, comparable }) => type === "text" && comparable);
    const one = texts.length > 0 ? this.#pick(texts).name : "'a'";
    const ids = fields.filter(({ name, type }) => type === "int" && /\.id$/.test(name));
    const id = ids.length > 0 ? this.#pick(ids).name : "1";
    return this.#pick([
      `${any.name} is not null`,
      `${any.name} is null`,
      `${id} > 1`,
      `${id} in (1, 2, 3)`,
      `${one} > ''`,
      `${one} = ${one}`,
      `exists (select * from customers zz where zz.id = ${id})`,
      `exists (select 1 from (${this.#texts(Math.max(0, depth - 2), [], ctes).sql}) zz)`,
      `${one} in (select email from customers)`,
      "true",
    ]);
  }

  #text(depth: number, visible: readonly Source[], ctes: readonly Source[]): string {
    const texts = visible.flatMap(({ alias, fields }) =>
      fields.filter(({ type }) => type === "text").map(({ name }) => `${alias}.${name}`),
    );
    const anything = visible.flatMap(({ alias, fields }) => fields.map(({ name }) => `${alias}.${name}::text`));
    const leaf = () => {
      const kind = this.#below(10);
      if (kind === 0 || texts.length + anything.length === 0) return `'k${this.#below(9)}'`;
      return kind < 3 || texts.length === 0 ? this.#pick(anything) : this.#pick(texts);
    };
    if (depth <= 0) return leaf();
    const one = () => this.#text(depth - 1, visible, ctes);
    switch (this.#below(26)) {
      case 0:
        return `upper(${one()})`;
      case 1:
        return `(${one()} || ${one()})`;
      case 2:
        return `coalesce(${one()}, ${one()})`;
      case 3:
        return `case when ${this.#condition(depth - 1, visible, ctes)} then ${one()} else ${one()} end`;
      case 4:
        return `(select ${this.#text(0, visible, ctes)} from notes limit 1)`;
      case 5:
        return `(${this.#pick(["select max(email) from customers", "select name from customers order by id limit 1", "select max(mail) from mails", "select body from notes order by id limit 1"])})`;
      case 6:
        return `${this.#pick(["mail_of", "face_of", "mail_by", "atomic_mail"])}(${1 + this.#below(3)})`;
      case 7:
        return `${this.#pick(["wrap", "echo"])}(${one()})`;
      case 8:
        return `substr(${one()}, ${1 + this.#below(3)})`;
      case 9:
        return `greatest(${one()}, ${one()})`;
      case 10:
        return `nullif(${one()}, 'none')`;
      case 11:
        return `(array[${one()}, ${one()}])[${1 + this.#below(2)}]`;
      case 12:
        return `reverse(${one()})`;
      case 13:
        return `encode(${one()}::bytea, '${this.#pick(["hex", "base64"])}')`;
      case 14:
        return `(${one()})::varchar`;
      case 15:
        return `length(${one()})::text`;
      case 16:
        return `(${one()})::varchar(${3 + this.#below(9)})`;
      case 17:
        return `format('%s-%s', ${one()}, ${one()})`;
      case 18:
        return `(json_build_object('a', ${one()}) ->> 'a')`;
      case 19:
        return `array_to_string(array(select ${this.#text(0, visible, ctes)} from notes), ',')`;
      case 20:
        return `(${one()} is null)::text`;
      case 21:
        return `(row(${one()}, 1))::text`;
      case 22:
        return `translate(${one()}, 'a', 'b')`;
      case 23:
        return `(xpath('//text()', xmlelement(name x, ${one()})))[1]::text`;
      case 24:
        return `regexp_replace(${one()}, '^.', '')`;
      default:
        return leaf();
    }
  }

  #modification(): Query {
    const text = () => this.#text(1 + this.#below(2), [], []);
    const returning = this.#pick([
      "*",
      "id, email, upper(name)",
      "name, email || '', 1",
      "(customers).*, customers",
      "ssn as name, length(ssn), made",
    ]);
    const sql = this.#pick([
      `insert into customers (id, name) values (9${this.#below(9)}, 'new') returning ${returning}`,
      `update customers set name = 'x' where id = ${1 + this.#below(3)} returning ${returning}`,
      `update customers set name = n.body from notes n where n.id = customers.id returning n.*, customers.email, customers.name`,
      `delete from orders where id = ${1 + this.#below(6)} returning id, note, contact, reverse(contact)`,
      `update orders set note = ${text()} where id = 1 returning note, contact`,
      `insert into notes select id, ${this.#pick(["name", "email", "upper(ssn)"])} from customers returning *`,
      `with w as (update customers set vip = true where id < 3 returning id, email as e, name) select e, name, upper(e) from w`,
      `with w as (delete from notes returning *) select w.*, (select max(ssn) from customers) from w`,
      `insert into customers (id, name, ssn) select 70, 'dup', ssn from customers where id = 1`,
      `insert into customers (id, name, ssn) values (71, 'cast', (select ssn from customers where id = 2)::int)`,
      `select email::int from customers`,
      `create temp table tt as select ${text()} as c from customers`,
      `merge into orders o using customers c on o.id = c.id when matched then update set total = 1`,
    ]);
    return { sql, fields: [] };
  }

  #name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)] as T;
  }

  #below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state % limit;
  }
}
