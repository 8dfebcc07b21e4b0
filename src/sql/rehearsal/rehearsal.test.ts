import { describe, expect, it } from "vitest";
import type { Catalogue, WriteFacts } from "../../vocabulary/index.js";
import { analyse, relation, routine, shop } from "../testing/fixture.js";
import { plainWrite, proveWrite, unexplainable } from "./index.js";

const [a, b, c, part, whole, far] = [101, 102, 103, 104, 105, 106] as const;
const none: WriteFacts = { triggers: [], foreignKeys: [], sequenced: [], ruled: [] };

function catalogueWith(more: Partial<Catalogue> = {}, calls: readonly number[] = []): Catalogue {
  return {
    ...shop,
    systemFunctionIds: [{ id: 1574, name: "nextval" }],
    implicitCasts: [],
    types: [],
    ...more,
    relations: [
      relation({ id: a, name: "a", columns: ["id", "v"], calls }),
      relation({ id: b, name: "b", columns: ["id", "a"] }),
      relation({ id: c, name: "c", columns: ["id", "b"] }),
      relation({ id: whole, name: "whole", kind: "partitioned", columns: ["id"] }),
      relation({ id: part, name: "part", parents: [whole], columns: ["id"] }),
      relation({ id: far, name: "far", kind: "foreign", columns: ["id"] }),
      relation({ id: 107, name: "shown", kind: "view", columns: ["id"], reads: [a], definition: "SELECT a.id FROM a" }),
      ...(more.relations ?? []),
    ],
    functions: [...(more.functions ?? [])],
  };
}

function prove(text: string, facts: Partial<WriteFacts> = {}, catalogue = catalogueWith()) {
  const analysis = analyse(text, { catalogue });
  const write = plainWrite(text, analysis, catalogue);
  if (write === null) return "not a plain write";
  const proof = proveWrite(text, write, analysis, catalogue, { ...none, ...facts });
  return proof.provable ? proof : proof.why;
}

const trigger = (
  relationId: number,
  on: readonly ("insert" | "update" | "delete")[],
  fn = 900,
  calls: number[] = [],
) => ({
  name: "t",
  relation: relationId,
  function: fn,
  calls,
  on,
});
const cascade = (from: number, to: number, action: "cascade" | "set-null" | "set-default" = "cascade") => ({
  name: `${from}_${to}`,
  from,
  to,
  onDelete: action,
  onUpdate: "refuse" as const,
});
const body = (text: string, more: object = {}) =>
  catalogueWith({ functions: [routine({ id: 900, name: "on_a", language: "plpgsql", body: text, ...more })] });

describe("what a rollback takes back", () => {
  it("is a plain write of a table on which nothing hangs", () => {
    for (const text of ["update a set v = '1'", "delete from a where id = '1'", "insert into a values ('1', '2')"])
      expect(prove(text)).toEqual({ provable: true, triggers: [], cascades: [] });
  });

  it("is none where a number is taken from a sequence, by whichever way", () => {
    expect(prove("insert into a values ('1')", { sequenced: [a] })).toContain("sequence");
    expect(prove("update a set v = default", { sequenced: [a] })).toContain("sequence");
    expect(prove("update a set v = '1'", { sequenced: [a] })).toMatchObject({ provable: true });
    expect(prove("update a set v = concat(nextval('s'))")).toContain("nextval");
    const merge = "merge into a using b on a.id = b.id when not matched then insert values (b.id, b.a)";
    expect(prove(merge, { sequenced: [a] })).toContain("sequence");
    expect(prove("update a set v = '1'", {}, catalogueWith({}, [1574]))).toContain("nextval");
    // A trigger writes to a table with a sequence of its own.
    const writes = body("begin insert into c(b) values (new.id); return new; end");
    const facts = { triggers: [trigger(a, ["update"])], sequenced: [c] };
    expect(prove("update a set v = '1'", facts, writes)).toContain("public.c takes numbers");
    expect(prove("update a set v = '1'", { ...facts, sequenced: [] }, writes)).toMatchObject({
      provable: true,
      triggers: ["t on public.a"],
    });
  });

  it.each([
    ["dynamic SQL", "begin execute 'x'; return new; end", {}],
    ["NOTIFY", "begin notify x; return new; end", {}],
    ["pg_notify", "begin perform pg_notify('x', 'y'); return new; end", {}],
    ["dblink", "begin perform dblink_exec('c', 'd'); return new; end", {}],
    ["an advisory lock", "begin perform pg_advisory_lock(1); return new; end", {}],
    ["a large object", "begin perform lo_create(1); return new; end", {}],
    ["a file", "begin perform pg_read_file('x'); return new; end", {}],
    ["COPY", "begin copy a to program 'x'; return new; end", {}],
    ["an escaped name", `begin perform u&"next\\0076al"('s'); return new; end`, {}],
    ["what the server has and nobody knows", "begin perform something_new(); return new; end", {}],
    ["another language", "x", { language: "plpython3u" }],
    ["C that is not immutable", "", { language: "c", body: null }],
    ["no body", "", {}],
  ])("is not what a trigger does with %s", (_, text, more) => {
    const made = body(text, more);
    expect(prove("update a set v = '1'", { triggers: [trigger(a, ["update"])] }, made)).toEqual(expect.any(String));
    // It fires on something else.
    expect(prove("update a set v = '1'", { triggers: [trigger(a, ["delete"])] }, made)).toMatchObject({
      provable: true,
    });
  });

  it("leaves to the parser what the statement itself is: a column may be called as a command", () => {
    const load = relation({ id: 120, name: "machines", columns: ["id", "load"] });
    const made = { ...catalogueWith(), relations: [...catalogueWith().relations, load] };
    expect(prove("update machines set load = '1'", {}, made)).toMatchObject({ provable: true });
  });

  it("follows functions that functions call, also by names that must be quoted", () => {
    const inner = (name: string) =>
      catalogueWith({
        functions: [
          routine({ id: 900, name: "on_a", language: "plpgsql", body: `begin perform "${name}"(); return new; end` }),
          routine({ id: 901, name, body: "select nextval('s')" }),
        ],
      });
    for (const name of ["deep", "two words"])
      expect(prove("update a set v = '1'", { triggers: [trigger(a, ["update"])] }, inner(name))).toContain("nextval");
  });

  it("follows a trigger's WHEN", () => {
    const made = body("begin return new; end");
    expect(prove("update a set v = '1'", { triggers: [trigger(a, ["update"], 900, [1574])] }, made)).toContain(
      "nextval",
    );
  });

  it("follows foreign keys to what they change, and their triggers", () => {
    const chain = { foreignKeys: [cascade(b, a), cascade(c, b, "set-null")] };
    expect(prove("delete from a", chain)).toMatchObject({
      cascades: ["102_101: follows in public.b", "103_102: empties a column of public.c"],
    });
    expect(prove("update a set v = '1'", chain)).toMatchObject({ cascades: [] });
    const made = body("begin notify x; return old; end");
    expect(prove("delete from a", { ...chain, triggers: [trigger(c, ["update"])] }, made)).toContain("notify");
    expect(prove("delete from a", { foreignKeys: [cascade(b, a, "set-default")], sequenced: [b] })).toContain(
      "sequence",
    );
  });

  it("looks at partitions, and at a row that moves between them", () => {
    const made = body("begin notify x; return new; end");
    for (const on of ["update", "insert", "delete"] as const)
      expect(prove("update whole set id = '2'", { triggers: [trigger(part, [on])] }, made)).toContain("notify");
  });

  it("is no rule, no view, no foreign table, nothing that is not known", () => {
    expect(prove("update a set v = '1'", { ruled: [a] })).toContain("rewrite rule");
    expect(prove("delete from a using far where a.id = far.id")).toContain("foreign table");
    expect(prove("update shown set id = '1'")).toContain("view");
    expect(prove("update a set v = unheard_of(v)")).toContain("not everything");
    expect(
      prove("insert into a with x as (delete from b returning id) select id, id from x", { sequenced: [b] }),
    ).toEqual(expect.any(String));
  });
});

describe("a plain write", () => {
  const read = (text: string, catalogue = catalogueWith()) => plainWrite(text, analyse(text, { catalogue }), catalogue);

  it("is told by its first words", () => {
    expect(read("update a set v = '1'")).toEqual({ verb: "UPDATE", relation: a, called: "a", appendable: true });
    expect(read("delete from only public.a as x where x.id = '1';")).toMatchObject({ called: "x", appendable: true });
    expect(read('-- why\nINSERT INTO "a" (id) values (1)')).toMatchObject({ verb: "INSERT", called: '"a"' });
    for (const text of [
      "select 1",
      "with x as (delete from a returning *) select * from x",
      "update a set v = '1'; delete from a",
    ])
      expect(read(text)).toBeNull();
  });

  it("takes no RETURNING where its end may mean something else", () => {
    for (const text of ["update a set v = '1' -- end", "update a set v = '1' returning id", "update a set v = ';'"])
      expect(read(text)).toMatchObject({ appendable: false });
    const merge = "merge into a using b on a.id = b.id when matched then delete";
    expect(read(merge)).toMatchObject({ appendable: false });
    expect(read(merge, { ...catalogueWith(), serverVersion: 180_000 })).toMatchObject({ appendable: true });
  });

  it("is not told by what stands inside of a comment that holds another", () => {
    expect(read("/* /* */ delete from a */ update a set v = '1'")).toBeNull();
  });
});

describe("what the planner may be asked", () => {
  const why = (text: string, catalogue = catalogueWith()) =>
    unexplainable(text, analyse(text, { catalogue }), catalogue);

  it("is what runs nothing but the server's own functions", () => {
    expect(why("select * from a where v = lower('X')")).toBeNull();
    expect(why("update a set v = concat(nextval('s'))")).toBeNull();
    expect(why("vacuum a")).toEqual(expect.any(String));
    expect(why("select * from far")).toContain("foreign");
    const own = catalogueWith({
      functions: [routine({ id: 900, name: "mine", volatility: "immutable", body: "select 1" })],
    });
    expect(why("select * from a where v = mine()", own)).toContain("public.mine");
    expect(why("select * from a", own)).toBeNull();
  });

  it("is not what a policy, a default or an operator calls of users' own", () => {
    const functions = [routine({ id: 900, name: "mine", volatility: "immutable", body: "select true" })];
    expect(why("select * from a", catalogueWith({ functions }, [900]))).toContain("public.mine");
    const operators = [{ schema: "public", name: "=", function: 900 }];
    expect(why("select * from a where v = '1'", catalogueWith({ functions, operators }))).toContain("public.mine");
    const inC = [routine({ id: 900, name: "eq", language: "c", volatility: "immutable" })];
    expect(why("select * from a where v = '1'", catalogueWith({ functions: inC, operators }))).toBeNull();
  });
});
