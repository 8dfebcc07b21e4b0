import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type ApiServer, startApiServer } from "../http/kube/api-server.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

const policy = `
apiVersion: hoop/v1
kind: access
metadata: { name: everything }
spec:
  who: { group: [engineers, admins] }
  where: everywhere
  effects: [read, write, define, destroy, admin, execute, connect, unknown]
---
apiVersion: hoop/v1
kind: guard
metadata: { name: keep-web }
spec:
  where: { protocol: http }
  when: { attributes: { verb: delete, resource: pods, resourceName: web } }
  action: deny
  reason: web stays
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-shell-in-old }
spec:
  where: { protocol: http }
  when: { attributes: { subresource: [exec, attach, portforward], resourceName: old } }
  action: deny
  reason: old is being taken down
`;

let postgres: PostgresServer;
let api: ApiServer;
let hoop: RunningHoop;
let site: Server;
let config: string;

beforeAll(async () => {
  postgres = await startPostgres({ version: 15, settings: {} });
  api = await startApiServer();
  site = createServer((_request, response) => response.end("from inside of the pod"));
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  hoop = await startHoop({ target: postgres, policy, agentFlags: ["--allow", `127.0.0.1:${api.port}`] });
  await hoop.hoop(
    "admin",
    [
      ...["connections", "add", "k8s", "--protocol", "http", "--host", "127.0.0.1", "--port", String(api.port)],
      ...["--target", 'auth={"kind":"bearer"}', "--target", "profile=kubernetes", "--exposes-credential-to-agent"],
      ...["--agent", "site", "--password-stdin"],
    ],
    "t0ken-of-the-cluster",
  );
  await hoop.place("k8s");
  config = join(hoop.folder, "kube", "config");
  mkdirSync(join(hoop.folder, "kube"));
  writeFileSync(config, "apiVersion: v1\nkind: Config\n# mine\nusers: [{name: me, user: {token: mine}}]\n");
  await hoop.hoop("engineer", ["kubeconfig", "k8s", "--use", "--file", config]);
}, 240_000);
afterAll(async () => {
  await hoop?.stop();
  site?.close();
  await api?.stop();
  await postgres?.stop();
});

interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number | null;
}

function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn("kubectl", args, {
    env: { PATH: process.env.PATH, HOME: hoop.folder, KUBECONFIG: config, ...env },
    timeout: 120_000,
  });
}

async function kubectl(
  args: readonly string[],
  options: { stdin?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  const child = start(args, options.env);
  let [out, err] = ["", ""];
  child.stdout!.on("data", (chunk) => (out += chunk));
  child.stderr!.on("data", (chunk) => (err += chunk));
  child.stdin!.end(options.stdin ?? "");
  const [code] = (await once(child, "close")) as [number | null];
  return { out, err, code };
}

const webSockets = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "true", KUBECTL_PORT_FORWARD_WEBSOCKETS: "true" };
const spdy = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false", KUBECTL_PORT_FORWARD_WEBSOCKETS: "false" };

test("hoop kubeconfig adds a context over TLS and leaves the rest of the file alone", () => {
  const text = readFileSync(config, "utf8");
  expect(text).toContain("# mine");
  const written = parse(text);
  expect(written["current-context"]).toBe("k8s.hoop");
  expect(written.users[0]).toEqual({ name: "me", user: { token: "mine" } });
  expect(written.clusters[0].cluster.server).toMatch(/^https:\/\//);
  expect(written.clusters[0].cluster["tls-server-name"]).toBe("k8s.hoop");
});

test("kubectl reads under the person's own name, and the cluster's token stays in Hoop", async () => {
  const { out, err, code } = await kubectl(["get", "pods", "--as", "system:admin"]);
  expect([err, code]).toEqual(["", 0]);
  expect(out).toMatch(/web[\s\S]*old/);
  const asked = api.asked.filter(({ url }) => url.includes("/pods")).at(-1)!;
  expect(asked.authorization).toBe("Bearer t0ken-of-the-cluster");
  expect(asked.user).toMatch(/^hoop:/);
  expect(asked.user).not.toContain("system");
  expect(asked.groups.every((group) => group.startsWith("hoop:"))).toBe(true);
});

test("a rule about one object refuses in words that kubectl shows; the others go", async () => {
  const refused = await kubectl(["delete", "pod", "web", "--wait=false"]);
  expect(refused.code).not.toBe(0);
  expect(refused.err).toContain("web stays");
  expect(api.pods.has("web")).toBe(true);
  const map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\ndata: {a: b}\n";
  const applied = await kubectl(["apply", "--server-side", "--validate=false", "-f", "-"], { stdin: map });
  expect([applied.err, applied.code]).toEqual(["", 0]);
  expect(api.maps.get("settings")).toMatchObject({ data: { a: "b" } });
});

test("logs, and logs that go on", async () => {
  expect((await kubectl(["logs", "web"])).out).toBe("started\nlistening\n");
  const following = start(["logs", "-f", "web"]);
  let out = "";
  following.stdout!.on("data", (chunk) => (out += chunk));
  for (let i = 0; i < 2_400 && !out.includes("tick\ntick\n"); i++) await sleep(25);
  following.kill("SIGKILL");
  expect(out).toContain("tick\ntick\n");
});

describe.each([
  ["WebSockets", webSockets],
  ["SPDY", spdy],
] as const)("over %s", (kind, env) => {
  const upgraded = (sub: string) =>
    api.asked.filter(({ url }) => url.includes(`/${sub}?`) || url.endsWith(`/${sub}`)).at(-1);

  test("exec: both outputs, the exit status, what is typed", async () => {
    const ran = await kubectl(["exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 7"], { env });
    expect(ran.out).toBe("out\n");
    expect(ran.err).toContain("err\n");
    expect(ran.code).toBe(7);
    expect(upgraded("exec")!.upgrade).toBe(kind === "SPDY" ? "SPDY/3.1" : "websocket");
    const typed = await kubectl(["exec", "-i", "web", "--", "tr", "a-z", "A-Z"], {
      env,
      stdin: "hello\n".repeat(20_000),
    });
    expect([typed.out, typed.code]).toEqual(["HELLO\n".repeat(20_000), 0]);
  });

  test("attach", async () => {
    const attached = await kubectl(["attach", "-i", "web", "-c", "main"], { env, stdin: "and back\n" });
    expect(attached.out).toContain("attached to main\nand back\n");
  });

  test("cp carries a file there and back", async () => {
    const name = `file-${kind}.bin`;
    const [here, back] = [join(hoop.folder, name), join(hoop.folder, `${name}.back`)];
    writeFileSync(here, Buffer.alloc(700_000, "hoop"));
    const there = await kubectl(["cp", here, `web:${join(api.folder, name)}`], { env });
    expect([there.err, there.code]).toEqual(["", 0]);
    expect(readFileSync(join(api.folder, name)).equals(readFileSync(here))).toBe(true);
    const again = await kubectl(["cp", `web:${name}`, back], { env });
    expect(again.code).toBe(0);
    expect(readFileSync(back).equals(readFileSync(here))).toBe(true);
  });

  test("port-forward", async () => {
    const inside = (site.address() as AddressInfo).port;
    const forwarding = start(["port-forward", "pod/web", `:${inside}`, "--address", "127.0.0.1"], env);
    let said = "";
    forwarding.stdout!.on("data", (chunk) => (said += chunk));
    forwarding.stderr!.on("data", (chunk) => (said += chunk));
    try {
      for (let i = 0; i < 2_400 && !/127\.0\.0\.1:\d+ ->/.test(said); i++) await sleep(25);
      const port = Number(/127\.0\.0\.1:(\d+) ->/.exec(said)?.[1]);
      for (let i = 0; i < 3; i++)
        expect(await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text()).toBe(
          "from inside of the pod",
        );
    } finally {
      forwarding.kill("SIGKILL");
    }
  });

  test("a rule refuses exec and port-forward into one pod", async () => {
    const ran = await kubectl(["exec", "old", "--", "id"], { env });
    expect(ran.code).not.toBe(0);
    expect(ran.out).toBe("");
    expect(ran.err).toContain("old is being taken down");
  });
});

test("exec is recorded under the person's name with its verb and object", async () => {
  expect((await kubectl(["exec", "web", "--", "true"])).code).toBe(0);
  const recorded = async (): Promise<string> => {
    const sessions = JSON.parse(await hoop.hoop("admin", ["sessions", "ls", "--connection", "k8s", "--json"])) as {
      id: string;
    }[];
    const shown = sessions.slice(0, 3).map(({ id }) => hoop.hoop("admin", ["sessions", "show", id, "--json"]));
    return (await Promise.all(shown)).join("\n");
  };
  await expect.poll(recorded, { timeout: 60_000, interval: 500 }).toMatch(/"subresource":\s*"exec"/);
  expect(await recorded()).toContain("/api/v1/namespaces/default/pods/web/exec");
});

test("a stranger's socket to the lane is nobody's: Host must be the connection's", async () => {
  const { host, port } = await hoop.place("k8s");
  const socket = connect({ host, port });
  socket.write("GET /api/v1/namespaces/default/pods HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  expect(answer).toMatch(/^HTTP\/1\.1 421 /);
});
