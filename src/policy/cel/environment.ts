import { Environment } from "@marcbachmann/cel-js";
import { compileGlob, type Glob } from "../glob.js";

/** Longest expression. */
export const maxExpression = 1000;

/** Patterns of `like` that were compiled; a policy has few. */
const globs = new Map<string, Glob>();
const maxGlobs = 1000;

function like(value: string, pattern: string): boolean {
  let glob = globs.get(pattern);
  if (!glob) {
    glob = compileGlob(pattern);
    if (globs.size >= maxGlobs) globs.clear();
    globs.set(pattern, glob);
  }
  return glob.matches(value);
}

/** What an expression may read, with its types; nothing else exists in it. */
export const environment = new Environment({
  limits: { maxAstNodes: 200, maxDepth: 20, maxListElements: 100, maxMapEntries: 20, maxCallArguments: 4 },
})
  .registerVariable({
    name: "subject",
    schema: { name: "string", kind: "string", email: "string", groups: "list<string>" },
  })
  .registerVariable({
    name: "connection",
    schema: { name: "string", protocol: "string", host: "string", port: "int", labels: "map<string, string>" },
  })
  .registerVariable({
    name: "statement",
    schema: {
      effects: "list<string>",
      relations: "list<string>",
      columns: "list<string>",
      functions: "list<string>",
      attributes: "map<string, dyn>",
    },
  })
  .registerVariable({
    name: "time",
    schema: { year: "int", month: "int", day: "int", hour: "int", minute: "int", weekday: "string" },
  })
  .registerFunction("string.like(string): bool", like);

/** Fields of `statement` that only a protocol with a catalogue can fill. */
export const catalogueFields: ReadonlySet<string> = new Set(["relations", "columns", "functions"]);

/**
 * Functions that an expression may call. Each costs no more than its operands are long. `matches` is not among them: it runs
 * the regular expressions of the machine, which an attacker's value can keep busy for hours; `like` takes `*`.
 */
export const allowedFunctions: ReadonlySet<string> = new Set([
  ..."has all exists exists_one filter size startsWith endsWith contains like".split(" "),
  ..."lowerAscii int double string bool type".split(" "),
]);

/** Those that go through a list: one may not stand inside another, so that the cost stays linear. */
export const loops: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter"]);
