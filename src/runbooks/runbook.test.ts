import { describe, expect, it } from "vitest";
import { checkBranch, checkFolder, gitAddress } from "./git/address.js";
import { checkParameters } from "./parameters.js";
import { loadRunbook } from "./runbook.js";
import { nextOf } from "./schedules.js";

const text = (spec: string) =>
  `---\napiVersion: hoop/v1\nkind: runbook\nmetadata: { name: one }\nspec:\n${spec}\n---\nWords.\n`;
const step = "  steps: [{ name: go, connection: pg, sql: select 1 }]";

describe("a runbook's text", () => {
  it("is read whole", () => {
    const made = loadRunbook(text(`  parameters: [{ name: who, type: string }]\n${step}`));
    expect(made).toMatchObject({ name: "one", body: "Words.\n", steps: [{ name: "go", action: { kind: "sql" } }] });
  });
  it.each([
    ["no front matter", "hello", "front matter"],
    ["an unknown field", text(`${step}\n  stepz: 1`), "stepz"],
    ["an unknown field of a step", text("  steps: [{ name: go, connection: pg, sql: select 1, shell: x }]"), "shell"],
    ["two ways at once", text("  steps: [{ name: go, connection: pg, sql: select 1, run: ls }]"), "exactly one"],
    ["no steps", text("  steps: []"), "steps"],
    [
      "a place that is no parameter",
      text('  steps: [{ name: go, connection: pg, sql: "select {{x}}" }]'),
      "{{x}} is no parameter",
    ],
    [
      "a later step's result",
      text(
        '  steps: [{ name: a, connection: pg, sql: "select {{steps.b.value}}" }, { name: b, connection: pg, sql: select 1 }]',
      ),
      "earlier step",
    ],
    [
      "a condition on what is not there",
      text('  steps: [{ name: a, connection: pg, sql: select 1, when: "params.x == 1" }]'),
      "params.x",
    ],
    [
      "a condition that is no yes or no",
      text('  steps: [{ name: a, connection: pg, sql: select 1, when: "1 + 1" }]'),
      "true or false",
    ],
    [
      "a function that costs",
      text(
        `  parameters: [{ name: x, type: string }]\n  steps: [{ name: a, connection: pg, sql: select 1, when: "params.x.matches('a')" }]`,
      ),
      "matches",
    ],
    ["aliases", text("  parameters: &p []\n  x: *p"), "no YAML"],
    [
      "a connection that is pasted",
      text('  parameters: [{ name: x, type: string }]\n  steps: [{ name: a, connection: "{{x}}", sql: select 1 }]'),
      "type connection",
    ],
    [
      "two steps of one name",
      text("  steps: [{ name: a, connection: pg, sql: select 1 }, { name: a, connection: pg, sql: select 1 }]"),
      "two steps",
    ],
    ["a schedule without anybody", text(`${step}\n  schedules: [{ cron: "0 3 * * *" }]`), "as whom"],
    ["a schedule that is none", text(`${step}\n  as: bot\n  schedules: [{ cron: "0 99 * * *" }]`), "schedule"],
    ["a pattern that is none", text(`  parameters: [{ name: x, type: string, pattern: "(" }]\n${step}`), "RE2"],
    [
      "a secret with a default",
      text(`  parameters: [{ name: x, type: string, secret: true, default: s }]\n${step}`),
      "secret",
    ],
    [
      "a step that pastes",
      text(`  parameters: [{ name: x, type: string }]\n  steps: [{ name: a, connection: w, run: "echo '{{x}}'" }]`),
      "pasted",
    ],
  ])("is refused with %s", (_what, given, words) => {
    expect(() => loadRunbook(given)).toThrow(words);
  });
});

describe("parameters", () => {
  const { parameters } = loadRunbook(
    text(`  parameters:
    - { name: s, type: string, pattern: "[a-z]+" }
    - { name: e, type: enum, values: [a, b], default: a }
    - { name: n, type: number, min: 1, max: 5, integer: true }
    - { name: b, type: boolean, optional: true }
    - { name: c, type: connection, protocol: ssh, labels: { env: dev } }
    - { name: m, type: string, multiline: true, optional: true }
${step}`),
  );
  const find = (name: string) => (name === "web" ? { name, protocol: "ssh", labels: { env: "dev" } } : null);
  const good = { s: "abc", n: 3, c: "web" };
  it("are checked, and defaults filled in", () => {
    expect(checkParameters(parameters, good, find)).toEqual({ s: "abc", e: "a", n: 3, b: null, c: "web", m: null });
  });
  it.each([
    [{ ...good, s: "abc1" }, "s must match"],
    [{ ...good, s: "abc\n" }, "line break"],
    [{ ...good, s: 5 }, "s must be a text"],
    [{ ...good, s: "a\0" }, "NUL"],
    [{ ...good, e: "c" }, "one of a, b"],
    [{ ...good, n: 0 }, "n must be 1 or more"],
    [{ ...good, n: 1.5 }, "whole"],
    [{ ...good, n: "3" }, "a number"],
    [{ ...good, b: "true" }, "true or false"],
    [{ ...good, c: "other" }, "names no connection"],
    [{ ...good, m: "a\u0007" }, "control"],
    [{ ...good, x: 1 }, 'no parameter "x"'],
    [{ n: 3, c: "web" }, "s is missing"],
    [{ ...good, __proto__: null, constructor: 1 }, "constructor"],
  ])("are refused: %j", (given, words) => {
    expect(() => checkParameters(parameters, given as never, find)).toThrow(words);
  });
});

describe("where a repository is", () => {
  it.each(["https://git.example.com/ops/runbooks.git", "ssh://git@git.example.com:2222/ops/runbooks"])(
    "takes %s",
    (url) => {
      expect(gitAddress(url, null).url).toBe(url);
    },
  );
  it.each([
    "--upload-pack=touch /tmp/x",
    "ext::sh -c touch% /tmp/x",
    "git@github.com:a/b",
    "http://git.example.com/a",
    "git://git.example.com/a",
    "ssh://-oProxyCommand=touch/a",
    "ssh://-oProxyCommand=x@host/a",
    "ssh://host/-a",
    "https://user:pw@host/a",
    "https://169.254.169.254/latest/a",
    "https://[fe80::1]/a",
    "https://metadata.google.internal/a",
    "https://host/a?x=1",
    "https://host/../a%2f..%2fb/..",
    "https://host/a b",
    "file:///etc",
    "https://host/a\nb",
  ])("refuses %s", (url) => {
    expect(() => gitAddress(url, null)).toThrow();
  });
  it("takes files below the folder that is named, and no others", () => {
    expect(gitAddress("file:///srv/git/a.git", "/srv/git").transport).toBe("file");
    for (const url of ["file:///srv/gitx/a", "file:///srv/git/../etc", "file://host/srv/git/a"])
      expect(() => gitAddress(url, "/srv/git")).toThrow();
  });
  it("takes branches and folders that are nothing else", () => {
    expect(checkBranch("release/1.x")).toBe("release/1.x");
    for (const branch of ["--upload-pack=x", "-b", "a..b", "a/", "a.lock", "a b", "a@{1}", "a:b", "+a", ""])
      expect(() => checkBranch(branch)).toThrow();
    expect(checkFolder("/ops/run/")).toBe("ops/run");
    for (const folder of ["../x", "-x", ":(top)x", "a/../b", "a b"]) expect(() => checkFolder(folder)).toThrow();
  });
});

it("schedules follow their own clock, also when it changes", () => {
  const berlin = { cron: "30 2 * * *", zone: "Europe/Berlin" };
  expect(nextOf(berlin, new Date("2026-03-27T12:00:00Z"))?.toISOString()).toBe("2026-03-28T01:30:00.000Z");
  expect(nextOf({ cron: "0 9 * * 1-5", zone: "UTC" }, new Date("2026-01-02T10:00:00Z"))?.toISOString()).toBe(
    "2026-01-05T09:00:00.000Z",
  );
});
