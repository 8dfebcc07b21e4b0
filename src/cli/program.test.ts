import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentOptions } from "../agent/config.js";
import { errorCodes } from "../vocabulary/index.js";
import { bashCompletion } from "./completion/bash.js";
import { fishCompletion } from "./completion/fish.js";
import { completionTree } from "./completion/tree.js";
import { zshCompletion } from "./completion/zsh.js";
import { exitCodeOf } from "./exit-codes.js";
import { createProgram, everyCommand } from "./program.js";
import { cliReference } from "./reference.js";

const program = createProgram(() => async () => {});
const paths = [...everyCommand(program)].map((command) => {
  const words: string[] = [];
  for (let at: typeof command | null = command; at?.parent; at = at.parent) words.unshift(at.name());
  return words.join(" ");
});

describe("the command tree", () => {
  it("has what was promised", () => {
    const promised = [
      "gateway",
      "agent",
      "login",
      "logout",
      "whoami",
      "apply",
      "policy explain",
      "secrets rotate",
      "ca",
      "completion",
      "audit verify",
      "audit export",
    ];
    const groups = {
      tunnel: ["up", "down", "status", "doctor", "install", "uninstall"],
      connections: ["ls", "add", "edit", "rm", "test"],
      sessions: ["ls", "show", "kill"],
      agents: ["ls", "join-token", "revoke"],
      review: ["ls", "show", "approve", "deny", "comment", "request", "withdraw", "break-glass"],
      access: ["request", "options", "ls", "revoke"],
    };
    for (const [group, verbs] of Object.entries(groups)) promised.push(...verbs.map((verb) => `${group} ${verb}`));
    expect(promised.filter((path) => !paths.includes(path))).toEqual([]);
  });

  it("says what everything does", () => {
    for (const command of everyCommand(program)) {
      expect(command.description(), command.name()).not.toBe("");
      for (const option of command.options) expect(option.description, option.flags).not.toBe("");
    }
  });

  it("gives the agent each of its settings", () => {
    const agent = program.commands.find((command) => command.name() === "agent")!;
    const known = [...agent.options, ...program.options].map((option) => option.flags);
    expect(
      Object.values(agentOptions)
        .map((option) => option.flag)
        .filter((flag) => !known.includes(flag)),
    ).toEqual([]);
  });

  it("has an exit code for every error", () => {
    for (const code of Object.keys(errorCodes)) expect(exitCodeOf(code as keyof typeof errorCodes)).toBeGreaterThan(0);
  });

  it("is what docs/cli.md says", async () => {
    await expect(cliReference()).toMatchFileSnapshot("../../docs/cli.md");
  });
});

describe("completion", () => {
  const tree = completionTree(program);
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "hoop-completion-"));
    writeFileSync(join(folder, "hoop.bash"), bashCompletion(tree));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What bash offers behind these words, the last of them unfinished. */
  function offered(...words: string[]): string[] {
    const script = `source ${join(folder, "hoop.bash")}; COMP_WORDS=(hoop ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _hoop; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim().split("\n");
  }

  it("offers commands, then theirs, then options in bash", () => {
    expect(offered("tun")).toEqual(["tunnel"]);
    expect(offered("tunnel", "")).toEqual(expect.arrayContaining(["up", "down", "status", "doctor", "--json"]));
    expect(offered("--gateway", "https://x", "sessions", "k")).toEqual(["kill"]);
    expect(offered("tunnel", "up", "--na")).toEqual(["--names"]);
    expect(offered("completion", "z")).toEqual(["zsh"]);
    expect(offered("tunnel", "up", "--names", "")).toEqual([""]);
  });

  it("covers every command in each shell", () => {
    const [zsh, fish] = [zshCompletion(tree), fishCompletion(tree)];
    for (const path of paths.filter(Boolean)) {
      expect(zsh).toContain(`_hoop_${path.replaceAll(/[ -]/g, "_")}()`);
      expect(fish).toContain(`-a '${path.split(" ").at(-1)}'`);
    }
  });
});
