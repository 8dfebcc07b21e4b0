import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningCli, startGateway } from "./gateway.js";

let gateway: RunningCli;
beforeAll(async () => {
  gateway = await startGateway();
  const added = await gateway.hoop(
    "admin",
    ["users", "add", "ada", "--group", "engineers", "--password-stdin"],
    gateway.password,
  );
  expect(added.stderr).toBe("");
  expect((await gateway.hoop("ada", ["login", gateway.url, "--user", "ada"], gateway.password)).code).toBe(0);
});
afterAll(() => gateway?.stop());

const admin = (...args: string[]) => gateway.hoop("admin", args);
const ada = (...args: string[]) => gateway.hoop("ada", args);

describe("--json", () => {
  it.each([
    ["whoami", "name"],
    ["token", "token"],
    ["connections add pg --host 127.0.0.1 --port 9 --agent none --user app --tls disable", "name"],
    ["connections edit pg --label env=test", "version"],
    ["connections ls", 0],
    ["connections test pg", "problem"],
    ["sessions ls", null],
    ["audit key", "publicKey"],
    ["audit heads", 0],
    ["policy show", "documents"],
    ["policy explain", "items"],
    ["agents ls", null],
    ["agents join-token site-a --ttl 2h", "token"],
    ["users add bob", "password"],
    ["users edit bob --email bob@example.com", "email"],
    ["users disable bob", "disabled"],
    ["users enable bob", "disabled"],
    ["users ls", 0],
    ["secrets rotate", "keyId"],
    ["ca", "pem"],
    ["tunnel status", "error"],
    ["tunnel down", "stopped"],
    ["connections rm pg --yes", "removed"],
  ])("of hoop %s is one document", async (line, key) => {
    const { stdout, stderr } = await admin(...line.split(" "), "--json");
    const answer = JSON.parse(stdout === "" ? stderr : stdout) as Record<string, unknown>;
    if (key !== null) expect(answer).toHaveProperty([key]);
    else expect(answer).toEqual(expect.any(Array));
  });

  it("keeps an error apart from the result: on stderr, with what to do", async () => {
    const { code, stdout, stderr } = await admin("connections", "test", "nope", "--json");
    expect([code, stdout]).toEqual([5, ""]);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: "not-found", message: expect.stringContaining("nope"), hint: "hoop connections ls" },
    });
  });
});

describe("exit codes", () => {
  const reserved = "127.0.0.1:1";
  it.each([
    ["an unknown command", 2, "frob"],
    ["an unknown option", 2, "connections ls --frob"],
    ["an option without its value", 2, "connections add x --port"],
    ["a port that is none", 2, "connections add x --host h --port 99999"],
    ["a TLS mode that there is not", 2, "connections add x --host h --tls ful"],
    ["a target that nobody knows", 2, "connections add x --host h --target foo=bar"],
    ["a file that is not there", 2, "apply -f /nonexistent/policy.yaml"],
    ["an export that is not there", 2, "audit verify /nonexistent/audit.jsonl --key KEY"],
    ["a question that nobody can answer", 2, "users disable"],
    ["a gateway that this machine has no login for", 3, `whoami --gateway http://${reserved}`],
    ["a connection that is not there", 5, "connections rm nope --yes"],
    ["a user that is not there", 5, "users disable nobody"],
    ["a type of event that there is not", 2, "events ls --type session.opend"],
    ["a type of event to wait for that there is not", 2, "events tail --type session.opend"],
    ["a name that is no event's", 5, "events show x"],
    ["a session that is not there", 5, "sessions show deadbeef"],
    ["a name that is taken", 6, "users add ada"],
    ["the last admin", 6, "users disable admin"],
    ["no tunnel", 7, "tunnel status"],
    ["nobody at that address", 7, `login http://${reserved}`],
    ["a tunnel in no order", 8, "tunnel doctor"],
  ])("%s is %i", async (_what, wanted, line) => {
    const key = join(gateway.folder, "audit.pub");
    writeFileSync(key, (await admin("audit", "key")).stdout);
    const { code, stderr, stdout } = await admin(...line.replace("KEY", key).split(" "));
    expect({ code, said: `${stderr}${stdout}`.trim() !== "" }).toEqual({ code: wanted, said: true });
    // A person reads what happened, never where in our code.
    expect(stderr).not.toMatch(/\n\s+at |node:internal/);
  });

  it("what only an admin may is 4 for everybody else", async () => {
    for (const line of ["users ls", "connections test pg", "secrets rotate", "agents ls", "audit export"]) {
      const { code, stderr } = await ada(...line.split(" "));
      expect([line, code, stderr]).toEqual([line, 4, expect.stringContaining("you may not do this: it needs ")]);
    }
  });

  it("what rules mean for oneself can be asked by everybody, and the other questions say so", async () => {
    for (const line of ["policy explain", "policy explain select --connection pg"]) {
      const { code, stderr } = await ada(...line.split(" "));
      expect([line, code, stderr]).toEqual([line, 4, expect.stringContaining("hoop policy explain --connection ")]);
    }
  });

  it("a TLS mode without a use for a CA lets go of the one before", async () => {
    const ca = join(gateway.folder, "ca.pem");
    writeFileSync(ca, (await admin("ca")).stdout);
    // A login that is guarded less has its secret said again.
    const edit = async (...options: string[]) =>
      (await gateway.hoop("admin", ["connections", "edit", "tls", "--password-stdin", ...options], "pw")).code;
    const added = await admin("connections", "add", "tls", "--host", "h", "--tls", "verify-full", "--tls-ca", ca);
    expect([added.code, added.stderr]).toEqual([0, ""]);
    expect(await edit("--tls", "prefer", "--tls-ca", ca)).toBe(2);
    expect(await edit("--tls", "prefer")).toBe(0);
    expect((await admin("connections", "rm", "tls", "--yes")).code).toBe(0);
  });

  it("a token that is not good is 3", async () => {
    const { code } = await gateway.hoop("nobody", ["whoami"], "", {
      HOOP_GATEWAY: gateway.url,
      HOOP_TOKEN: "hoop_at_wrong",
    });
    expect(code).toBe(3);
  });

  it("a wrong password is 3", async () => {
    expect((await gateway.hoop("nobody", ["login", gateway.url, "--user", "ada"], "wrong")).code).toBe(3);
  });

  it("https to a gateway that speaks http says so", async () => {
    const { code, stderr } = await gateway.hoop("nobody", ["login", gateway.url.replace("http:", "https:")]);
    expect([code, stderr]).toEqual([7, expect.stringContaining("is it http:// there?")]);
  });
});

describe("completion", () => {
  it("loads in bash and completes groups, commands and options", async () => {
    const script = join(gateway.folder, "hoop.bash");
    writeFileSync(script, (await admin("completion", "bash")).stdout);
    const complete = (words: string) =>
      execFileSync(
        "bash",
        [
          "-uc",
          `source "$1"; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _hoop; echo "\${COMPREPLY[@]}"`,
          "bash",
          script,
        ],
        { encoding: "utf8" },
      )
        .trim()
        .split(" ");
    expect(complete("hoop conn")).toEqual(["connections"]);
    expect(complete("hoop tunnel d")).toEqual(["down", "doctor"]);
    expect(complete("hoop --json connections add pg --tls-")).toEqual(["--tls-ca", "--tls-server-name"]);
  });

  it.each(["zsh", "fish"] as const)("is read by %s", async (shell) => {
    const { stdout } = await admin("completion", shell);
    expect(stdout).toContain("connections");
    if (spawnSync(shell, ["-c", "true"]).status !== 0) return;
    const script = join(gateway.folder, `hoop.${shell}`);
    writeFileSync(script, stdout);
    expect(spawnSync(shell, ["-n", script], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });
});
