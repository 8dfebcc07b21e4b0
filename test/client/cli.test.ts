import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../support/free-port.js";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "hoop-cli-"));
const password = "correct horse battery staple";
let gateway: ChildProcess;
let url: string;

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command as a user would, with `input` on stdin. */
function hoop(words: readonly string[], input = "", env: Readonly<Record<string, string>> = {}): Promise<Run> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env.PATH ?? "", HOOP_HOME: home, ...env }, timeout: 120_000 };
    const child = execFile(process.execPath, [cli, ...words], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
    child.stdin!.on("error", () => {});
    child.stdin!.end(input);
  });
}

/** A program of ours that runs for long; resolves with its first event of this kind. */
async function start(
  words: readonly string[],
  event: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ child: ChildProcess; ready: Record<string, unknown> }> {
  const child = spawn(process.execPath, [cli, ...words, "--json"], {
    env: { PATH: process.env.PATH ?? "", HOOP_HOME: home, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr!.on("data", (chunk) => {
    errors += chunk;
  });
  for await (const line of createInterface({ input: child.stdout! })) {
    const said = JSON.parse(line) as Record<string, unknown>;
    if (said.event === event) {
      child.stdout!.resume();
      return { child, ready: said };
    }
  }
  throw new Error(`hoop ${words.join(" ")} ended: ${errors}`);
}

beforeAll(async () => {
  expect(existsSync(cli), "build first: npm run build").toBe(true);
  const passwordFile = join(home, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  const [http, grpc] = [await freePort(), await freePort()];
  // With TLS on, as off loopback: the gateway vouches for itself and must be accepted once.
  const settings = {
    HOOP_ADMIN_NAME: "admin",
    HOOP_SAMPLES: "off",
    HOOP_ADMIN_PASSWORD_FILE: passwordFile,
    HOOP_HTTP_LISTEN: `127.0.0.1:${http}`,
    HOOP_GRPC_LISTEN: `127.0.0.1:${grpc}`,
    HOOP_HTTP_TLS: "on",
  };
  const started = await start(["gateway"], "ready", settings);
  gateway = started.child;
  url = String(started.ready.http);
}, 180_000);
afterAll(async () => {
  gateway?.kill("SIGTERM");
  if (gateway && gateway.exitCode === null) await once(gateway, "exit");
  rmSync(home, { recursive: true, force: true });
});

describe("the command line, with a real gateway", () => {
  it("says what to do without a login, with the exit code for that", async () => {
    const { code, stderr } = await hoop(["whoami"]);
    expect([code, stderr]).toEqual([3, expect.stringContaining("hoop login https://")]);
    const json = await hoop(["whoami", "--json"]);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "unauthenticated", hint: expect.any(String) } });
    expect((await hoop(["tunel"])).code).toBe(2);
  });

  it("does not trust a gateway that vouches for itself until its fingerprint is given", async () => {
    const refused = await hoop(["login", url, "--user", "admin"], password);
    expect(refused.code).toBe(4);
    const fingerprint = /sha256:[0-9a-f]{64}/.exec(refused.stderr)![0];
    const wrong = await hoop(
      ["login", url, "--user", "admin", "--ca-fingerprint", `sha256:${"0".repeat(64)}`],
      password,
    );
    expect([wrong.code, wrong.stderr]).toEqual([4, expect.stringContaining("somebody may stand between")]);
    expect((await hoop(["login", url, "--user", "admin", "--ca-fingerprint", fingerprint], "wrong")).code).toBe(3);
    const login = await hoop(["login", url, "--user", "admin", "--ca-fingerprint", fingerprint], password);
    expect(login).toMatchObject({ code: 0, stdout: `Logged in at ${url} as admin.\n` });
    expect(JSON.parse((await hoop(["whoami", "--json"])).stdout)).toMatchObject({
      name: "admin",
      admin: true,
      gateway: url,
    });
  });

  it("takes a token from the environment in place of the login", async () => {
    const { token } = JSON.parse((await hoop(["token", "--json"])).stdout) as { token: string };
    const ca = join(home, "ca.pem");
    writeFileSync(ca, JSON.parse(readFileSync(join(home, "logins.json"), "utf8")).logins[0].ca);
    const env = { HOOP_HOME: join(home, "elsewhere"), HOOP_TOKEN: token, HOOP_GATEWAY: url, HOOP_CA: ca };
    expect((await hoop(["whoami", "--json"], "", env)).code).toBe(0);
    expect((await hoop(["whoami"], "", { ...env, HOOP_TOKEN: "hoop_at_wrong" })).code).toBe(3);
    expect((await hoop(["whoami"], "", { HOOP_HOME: env.HOOP_HOME, HOOP_TOKEN: token })).code).toBe(2);
  });

  it("adds, changes, lists, tests and removes a connection", async () => {
    const port = String(await freePort());
    expect(
      (
        await hoop(
          [
            "connections",
            "add",
            "pg-cli",
            "--host",
            "127.0.0.1",
            "--port",
            port,
            "--user",
            "app",
            "--label",
            "env=dev",
            "--password-stdin",
          ],
          "s3cret",
        )
      ).code,
    ).toBe(0);
    expect((await hoop(["connections", "add", "pg-cli", "--host", "x"])).code).toBe(6);
    expect((await hoop(["connections", "edit", "pg-cli", "--label", "tier=gold", "--label", "env="])).code).toBe(0);
    const [listed] = JSON.parse((await hoop(["connections", "ls", "--json"])).stdout);
    expect(listed).toMatchObject({ name: "pg-cli", labels: { tier: "gold" }, target: { user: "app" } });
    const tested = await hoop(["connections", "test", "pg-cli"]);
    expect([tested.code, tested.stdout]).toEqual([8, expect.stringContaining("does not work")]);
    expect((await hoop(["connections", "rm", "pg-cli"])).code).toBe(2);
    expect((await hoop(["connections", "rm", "pg-cli", "--yes"])).code).toBe(0);
    expect((await hoop(["connections", "edit", "pg-cli", "--port", "1"])).code).toBe(5);
  });

  it("shows the plan of a policy and applies it, once", async () => {
    const { yaml } = JSON.parse((await hoop(["policy", "show", "--json"])).stdout) as { yaml: string };
    const file = join(home, "policy.yaml");
    writeFileSync(file, yaml);
    expect((await hoop(["apply", "-f", file])).stdout).toBe("Nothing would change.\n");
    writeFileSync(file, yaml.replace("name: engineers-read", "name: engineers-look"));
    const plan = await hoop(["apply", "-f", file, "--plan"]);
    expect(plan.stdout).toMatch(/create .*engineers-look[\s\S]*1 to create/);
    expect((await hoop(["apply", "-f", file])).code).toBe(2);
    expect((await hoop(["apply", "-f", "-", "--yes"], readFileSync(file, "utf8"))).stdout).toMatch(/^Applied/);
    expect((await hoop(["apply", "-f", file, "--yes"])).stdout).toBe("Nothing would change.\n");
    expect((await hoop(["policy", "explain"])).stdout).toContain("engineers-look");
  });

  it("exports the audit and proves it offline, and finds what was altered", async () => {
    const [file, key, heads] = ["audit.jsonl", "audit.pub", "heads.jsonl"].map((name) => join(home, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(key, (await hoop(["audit", "key"])).stdout);
    writeFileSync(heads, (await hoop(["audit", "heads"])).stdout);
    expect((await hoop(["audit", "export", "-o", file])).code).toBe(0);
    const good = await hoop(["audit", "verify", file, "--key", key, "--heads", heads]);
    expect([good.code, good.stdout]).toEqual([0, expect.stringContaining("In order")]);
    const lines = readFileSync(file, "utf8").split("\n");
    const at = lines.findIndex((line) => line.includes('"type":"entry"') && line.includes("admin"));
    writeFileSync(
      file,
      [...lines.slice(0, at), lines[at]!.replace(/admin/, "adnim"), ...lines.slice(at + 1)].join("\n"),
    );
    const bad = await hoop(["audit", "verify", file, "--key", key]);
    expect([bad.code, bad.stdout]).toEqual([8, expect.stringContaining("NOT IN ORDER")]);
  });

  it("adds a user who can log in, and lets nobody in whom it disabled", async () => {
    const added = JSON.parse((await hoop(["users", "add", "ada", "--group", "engineers", "--json"])).stdout) as {
      password: string;
    };
    const other = { HOOP_HOME: join(home, "ada") };
    const ca = join(home, "ca.pem");
    expect((await hoop(["login", url, "--user", "ada", "--ca", ca], added.password, other)).code).toBe(0);
    expect((await hoop(["users", "ls"], "", other)).code).toBe(4);
    expect((await hoop(["users", "disable", "ada"])).code).toBe(0);
    expect((await hoop(["whoami"], "", other)).code).toBe(3);
  });

  it("runs the tunnel in the background, says how it is, and stops it", async () => {
    expect((await hoop(["tunnel", "status"])).code).toBe(7);
    await hoop(["connections", "add", "pg-cli", "--host", "127.0.0.1", "--port", "1", "--user", "app"]);
    const up = await hoop(["tunnel", "up", "--detach", "--names", "none", "--no-redirect", "--range", "127.79.0.0/16"]);
    expect([up.code, up.stdout]).toEqual([0, expect.stringMatching(/pg-cli\s+127\.79\.\d+\.\d+:5432/)]);
    expect((await hoop(["tunnel", "up"])).code).toBe(6);
    const doctor = JSON.parse((await hoop(["tunnel", "doctor", "--json"])).stdout) as {
      ok: boolean;
      findings: { check: string; result: string }[];
    };
    expect(doctor.ok).toBe(true);
    expect(doctor.findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ check: "gateway", result: "ok" }),
        expect.objectContaining({ check: "clock", result: "ok" }),
      ]),
    );
    expect((await hoop(["tunnel", "down"])).code).toBe(0);
    expect((await hoop(["tunnel", "uninstall"])).code).toBe(0);
    expect(existsSync(join(home, "tunnel"))).toBe(false);
  });

  it("takes over from a tunnel that was killed", async () => {
    const words = ["tunnel", "up", "--names", "none", "--no-redirect", "--range", "127.79.0.0/16"];
    const first = await start(words, "ready");
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    const second = await start(words, "ready");
    expect(second.ready.connections).toEqual(first.ready.connections);
    second.child.kill("SIGTERM");
    const [code] = await once(second.child, "exit");
    expect(code).toBe(0);
  });

  it("logs out here and there", async () => {
    const { token } = JSON.parse((await hoop(["token", "--json"])).stdout) as { token: string };
    expect((await hoop(["logout"])).code).toBe(0);
    expect((await hoop(["whoami"])).code).toBe(3);
    expect(
      (await hoop(["whoami"], "", { HOOP_TOKEN: token, HOOP_GATEWAY: url, HOOP_CA: join(home, "ca.pem") })).code,
    ).toBe(3);
  });
});
