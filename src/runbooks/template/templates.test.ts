import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileHttp, renderHttp } from "./http.js";
import { partsOf, type Values } from "./parts.js";
import { compileShell, quoteWord, renderShell } from "./shell.js";
import { compileSql, sqlValues } from "./sql.js";

const values =
  (given: Readonly<Record<string, string | number | boolean | null>>): Values =>
  (name) =>
    given[name] ?? null;

describe("places", () => {
  it("are names and nothing else; four braces stand for two", () => {
    expect(partsOf("a {{ b }} c")).toEqual([
      { kind: "text", text: "a " },
      { kind: "value", name: "b" },
      { kind: "text", text: " c" },
    ]);
    expect(partsOf("{{{{.Names}}}}")).toEqual([{ kind: "text", text: "{{.Names}}" }]);
    for (const bad of ["{{", "{{}}", "{{a b}}", "{{a.b.c.d}}", "{{A}}", "{{a|raw}}", "{{ a"])
      expect(() => partsOf(bad)).toThrow("no place");
  });
});

describe("SQL", () => {
  it("makes bind parameters of values", () => {
    const made = compileSql("select * from t where a = {{a}} and b in ({{b}}, {{a}}) -- it's fine\n and c = '$1'");
    expect(made.text).toBe("select * from t where a = $1 and b in ($2, $3) -- it's fine\n and c = '$1'");
    expect(sqlValues(made, values({ a: "x'; drop", b: 3 }))).toEqual(["x'; drop", "3", "x'; drop"]);
  });
  it.each([
    "select '{{a}}'",
    "select 'it''s {{a}}'",
    "select E'\\'{{a}}'",
    'select "{{a}}"',
    "select $$ {{a}} $$",
    "select $f$ {{a}} $f$",
    "select 1 -- {{a}}",
    "select 1 /* /* */ {{a}} */",
    "select t{{a}}",
    "select {{a}}5",
    "select {{a}}{{b}}",
    "select $1, {{a}}",
    "select 1; select {{a}}",
    "select {{a}}; select 2",
  ])("refuses to paste: %s", (text) => {
    expect(() => compileSql(text)).toThrow();
  });
  it("takes one trailing semicolon and quotes that are closed", () => {
    expect(compileSql("select {{a}}::int, '--', $q$ ; $q$;").binds).toEqual(["a"]);
    expect(() => compileSql("select 'open")).toThrow("ends inside");
  });
});

describe("shell", () => {
  it.each([
    "echo '{{a}}'",
    'echo "{{a}}"',
    "echo `{{a}}`",
    "echo $(cat {{a}})",
    "echo $(date) {{a}}",
    "echo ${X} {{a}}",
    "echo ${{a}}",
    "echo \\{{a}}",
    "echo ~{{a}}",
    "cat <<EOF\n{{a}}\nEOF",
    "echo $(( {{a}} ))",
    "ls # {{a}}",
    "{{a}} --help",
    "ls; {{a}}",
    "sudo {{a}}",
    "X={{a}}; echo $X",
    "sh -c {{a}}",
    "sudo -u www bash -c {{a}}",
    "eval {{a}}",
    "/usr/bin/python3.11 -c {{a}}",
    "env A=1 perl {{a}}",
    "xargs {{a}}",
    "[[ {{a}} -eq 1 ]]",
    "test {{a}} -eq 1",
    "ssh host {{a}}",
    "awk {{a}} file",
    "diff <(cat {{a}}) b",
  ])("refuses %s", (text) => {
    expect(() => compileShell(text)).toThrow();
  });
  it("quotes values as one word, also beside text", () => {
    const made = compileShell("sudo systemctl restart --now {{a}} && echo --name={{b}} > /tmp/{{a}}.log");
    expect(renderShell(made, values({ a: "w'eb", b: "$(x)" }))).toBe(
      "sudo systemctl restart --now 'w'\\''eb' && echo --name='$(x)' > /tmp/'w'\\''eb'.log",
    );
  });
  it("refuses a value that would be an option, unless -- stands before", () => {
    expect(() => renderShell(compileShell("rm {{a}}"), values({ a: "-rf" }))).toThrow("option");
    expect(() => renderShell(compileShell("kill {{a}}"), values({ a: -1 }))).toThrow("option");
    expect(renderShell(compileShell("rm -- {{a}}"), values({ a: "-rf" }))).toBe("rm -- '-rf'");
    expect(renderShell(compileShell("a --x={{a}}"), values({ a: "-rf" }))).toBe("a --x='-rf'");
  });
  it("leaves every value as it is in a real shell", () => {
    fc.assert(
      fc.property(
        fc
          .string({ unit: "binary", maxLength: 60 })
          .filter((text) => !text.includes("\0") && !text.startsWith("-") && !/[\ud800-\udfff]/.test(text)),
        (text) => {
          const command = renderShell(compileShell("printf %s {{a}}"), values({ a: text }));
          const { stdout } = spawnSync("/bin/sh", ["-c", command]);
          expect(stdout.toString()).toBe(text);
        },
      ),
      { numRuns: 60 },
    );
  });
  it("quotes nothing as an empty word", () => expect(quoteWord("")).toBe("''"));
});

describe("HTTP", () => {
  it("encodes each value for its place", () => {
    const made = compileHttp({
      method: "POST",
      path: "/u/{{a}}/x",
      query: { q: "{{b}} & c" },
      headers: { "x-a": "{{n}}" },
      json: { n: "{{n}}", t: "<{{b}}>", __proto__x: [true, "{{f}}"] },
    });
    const sent = renderHttp(made, values({ a: "o'neil é", b: 'x"&y=1', n: 5, f: false }) as Values);
    expect(sent).toEqual({
      method: "POST",
      path: "/u/o'neil%20%C3%A9/x?q=x%22%26y%3D1+%26+c",
      headers: expect.objectContaining({ "content-type": "application/json" }) as unknown,
      body: '{"n":5,"t":"<x\\"&y=1>","__proto__x":[true,false]}',
    });
  });
  it.each(["a/b", "..", ".", "", "a\\b", "%2e%2e", "a\nb", "a;b"])("refuses %j in a path", (value) => {
    expect(() => renderHttp(compileHttp({ method: "GET", path: "/u/{{a}}" }), values({ a: value }))).toThrow();
  });
  it("refuses line breaks in headers, and headers that are not a runbook's", () => {
    const made = compileHttp({ method: "GET", path: "/", headers: { "x-a": "{{a}}" } });
    expect(() => renderHttp(made, values({ a: "a\r\nset-cookie: b" }))).toThrow("line break");
    for (const name of [
      "Host",
      "authorization",
      "Transfer-Encoding",
      "content-length",
      "Cookie",
      "X-Forwarded-For",
      "a b",
      "x:y",
    ])
      expect(() => compileHttp({ method: "GET", path: "/", headers: { [name]: "v" } })).toThrow();
  });
  it("refuses templates that would paste", () => {
    for (const path of ["{{a}}", "//{{a}}", "/a?b={{a}}", "/a/../{{a}}", "/a#{{a}}", "http://x/"])
      expect(() => compileHttp({ method: "GET", path })).toThrow();
    expect(() => compileHttp({ method: "POST", path: "/", text: "a {{a}}" })).toThrow("pasted");
    expect(() => compileHttp({ method: "POST", path: "/", json: { "{{a}}": 1 } })).toThrow("name");
    expect(() => compileHttp({ method: "POST", path: "/", query: { "{{a}}": "1" } })).toThrow("name");
  });
});
