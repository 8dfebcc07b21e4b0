import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSigningRequest } from "../../src/agent/signing-request.js";
import { readIdentity } from "../../src/agent/state.js";
import { AgentService, connectGrpc, formatJoinToken, parseJoinToken } from "../../src/transport/grpc/index.js";
import type { Pipe, PipeAbort } from "../../src/transport/pipe.js";
import { type AgentProcess, buildAgent, startAgent, stopAgent } from "./agent-process.js";
import { createTestWorld, startTestGateway, type TestGateway, type TestWorld, until } from "./gateway.js";

let program: string;
let world: TestWorld;
let gateway: TestGateway;
let folder: string;
let echo: Server;
let echoPort: number;
let echo6: Server;
const agents: AgentProcess[] = [];
const never = new AbortController().signal;

beforeAll(async () => {
  program = await buildAgent();
});

async function listenEcho(host: string, port = 0): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  server.on("close", () => {});
  server.listen(port, host);
  await once(server, "listening");
  const close = server.close.bind(server);
  server.close = (done) => {
    for (const socket of sockets) socket.destroy();
    return close(done);
  };
  return server;
}

beforeAll(async () => {
  echo = await listenEcho("127.0.0.1");
  echoPort = (echo.address() as AddressInfo).port;
  echo6 = await listenEcho("::1", echoPort);
});

afterAll(() => {
  echo.close();
  echo6.close();
});

beforeEach(async () => {
  world = await createTestWorld();
  gateway = await startTestGateway(world);
  folder = await mkdtemp(join(tmpdir(), "hoop-agent-"));
});

afterEach(async () => {
  for (const agent of agents.splice(0)) if (agent.child.exitCode === null) await stopAgent(agent);
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

function run(settings: Record<string, string> = {}): AgentProcess {
  const agent = startAgent(program, {
    HOOP_AGENT_GATEWAY: gateway.url,
    HOOP_AGENT_STATE: join(folder, "state"),
    HOOP_AGENT_ALLOW: `127.0.0.1:${echoPort} [::1]:${echoPort}`,
    ...settings,
  });
  agents.push(agent);
  return agent;
}

async function joined(settings: Record<string, string> = {}): Promise<AgentProcess> {
  const { token } = await gateway.registry.createJoinToken({ agent: "site-a", lifeMs: 600_000, by: "ada" });
  const agent = run({ HOOP_AGENT_JOIN: token, ...settings });
  await until(() => gateway.registry.list().length === 1 || agent.child.exitCode !== null);
  expect(gateway.registry.list()).toMatchObject([{ name: "site-a", version: "0.0.0-test", draining: false }]);
  return agent;
}

interface Spoken {
  readonly pipe: Pipe;
  readonly closed: Promise<PipeAbort | null>;
  echo(text: string): Promise<string>;
}

function speak(pipe: Pipe): Spoken {
  let received = "";
  let wake = () => {};
  const closed = new Promise<PipeAbort | null>((resolve) => {
    pipe.start({
      data: (chunk) => {
        received += chunk.toString();
        wake();
      },
      end: () => {},
      drain: () => {},
      closed: (abort) => {
        wake();
        resolve(abort);
      },
    });
  });
  return {
    pipe,
    closed,
    async echo(text) {
      received = "";
      pipe.write(Buffer.from(text));
      while (received.length < text.length) {
        await Promise.race([
          new Promise<void>((resolve) => {
            wake = resolve;
          }),
          closed.then((abort) => Promise.reject(new Error(`closed: ${abort?.text}`))),
        ]);
      }
      return received;
    },
  };
}

describe("an agent in a process of its own", () => {
  it("joins, dials what it is told to, and keeps its key to itself", async () => {
    await joined();
    const lane = speak(await gateway.registry.dial("site-a", "127.0.0.1", echoPort, never));
    expect(await lane.echo("hello")).toBe("hello");
    expect(gateway.registry.list()[0]?.lanes).toBe(1);
    lane.pipe.end();
    expect(await lane.closed).toBeNull();
    await until(() => gateway.registry.list()[0]?.lanes === 0);

    const file = join(folder, "state", "agent.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ name: "site-a" });
  });

  it("comes back without its token, which is worth nothing a second time", async () => {
    const { token } = await gateway.registry.createJoinToken({ agent: "site-a", lifeMs: 600_000, by: "ada" });
    const first = run({ HOOP_AGENT_JOIN: token });
    await until(() => gateway.registry.list().length === 1);
    await stopAgent(first);
    await until(() => gateway.registry.list().length === 0);
    run({});
    await until(() => gateway.registry.list().length === 1);

    const thief = run({ HOOP_AGENT_JOIN: token, HOOP_AGENT_STATE: join(folder, "thief") });
    expect(await thief.exited).toBe(1);
    expect(thief.lines.at(-1)).toMatchObject({ code: "unauthenticated" });
  });

  it("sends its token to no gateway but the one that the token is for", async () => {
    const { token } = await gateway.registry.createJoinToken({ agent: "site-a", lifeMs: 600_000, by: "ada" });
    const parsed = parseJoinToken(token)!;
    const agent = run({ HOOP_AGENT_JOIN: formatJoinToken({ ...parsed, pin: randomBytes(32) }) });
    expect(await agent.exited).toBe(1);
    expect(agent.lines.at(-1)).toMatchObject({ code: "denied" });
    expect(await world.store.list()).toEqual([]);
  });

  it("dials IPv6", async () => {
    await joined();
    const lane = speak(await gateway.registry.dial("site-a", "::1", echoPort, never));
    expect(await lane.echo("six")).toBe("six");
    lane.pipe.abort({ code: "cancelled", text: "done" });
  });

  it("dials nothing that it was not allowed, and says so", async () => {
    await joined();
    for (const [host, port] of [
      ["127.0.0.1", echoPort + 1],
      ["127.0.0.2", echoPort],
      ["localhost.", echoPort + 1],
      ["169.254.169.254", echoPort],
      ["0.0.0.0", echoPort],
      ["2130706433", echoPort],
    ] as const) {
      await expect(gateway.registry.dial("site-a", host, port, never)).rejects.toMatchObject({ code: "denied" });
    }
    // The same place in other words is the same place.
    const mapped = speak(await gateway.registry.dial("site-a", "::ffff:127.0.0.1", echoPort, never));
    expect(await mapped.echo("mapped")).toBe("mapped");
    mapped.pipe.abort({ code: "cancelled", text: "done" });
  });

  it("says that a target refuses, and that an agent is not there", async () => {
    const closed = await listenEcho("127.0.0.1");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await joined({ HOOP_AGENT_ALLOW: `127.0.0.1:${port}` });
    await expect(gateway.registry.dial("site-a", "127.0.0.1", port, never)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("refused"),
    });
    await expect(gateway.registry.dial("site-b", "127.0.0.1", port, never)).rejects.toMatchObject({
      code: "unavailable",
      message: "agent site-b is not connected",
    });
  });

  it("carries 64 MB unchanged", async () => {
    await joined();
    const pipe = await gateway.registry.dial("site-a", "127.0.0.1", echoPort, never);
    const block = randomBytes(256 * 1024);
    const blocks = 256;
    const sent = createHash("sha256");
    const received = createHash("sha256");
    let left = blocks;
    const closed = new Promise((resolve) => {
      const pump = () => {
        while (left > 0) {
          left--;
          block.writeUInt32BE(left);
          sent.update(block);
          if (!pipe.write(Buffer.from(block))) return;
        }
        pipe.end();
      };
      pipe.start({ data: (chunk) => received.update(chunk), end() {}, drain: pump, closed: resolve });
      pump();
    });
    expect(await closed).toBeNull();
    expect(pipe.bytesIn).toBe(blocks * block.length);
    expect(received.digest("hex")).toBe(sent.digest("hex"));
  });

  it("comes back when the gateway does", async () => {
    await joined();
    const lane = speak(await gateway.registry.dial("site-a", "127.0.0.1", echoPort, never));
    expect(await lane.echo("before")).toBe("before");
    const { port } = gateway;
    await gateway.close();
    expect(await lane.closed).toMatchObject({ code: "unavailable" });
    gateway = await startTestGateway(world, { port });
    await until(() => gateway.registry.list().length === 1);
    const again = speak(await gateway.registry.dial("site-a", "127.0.0.1", echoPort, never));
    expect(await again.echo("after")).toBe("after");
    again.pipe.abort({ code: "cancelled", text: "done" });
  });

  it("killed, leaves every lane with an abort and no hang", async () => {
    const agent = await joined();
    const lanes = await Promise.all(
      Array.from({ length: 5 }, async () => speak(await gateway.registry.dial("site-a", "127.0.0.1", echoPort, never))),
    );
    const silent = gateway.registry.dial("site-a", "127.0.0.1", echoPort, never);
    await silent;
    agent.child.kill("SIGKILL");
    for (const lane of lanes) expect(await lane.closed).toMatchObject({ code: "unavailable" });
    await until(() => gateway.registry.list().length === 0);
    await expect(gateway.registry.dial("site-a", "127.0.0.1", echoPort, never)).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  it("keeps its lanes when only its control stream is lost, and opens another", async () => {
    await joined();
    const lane = speak(await gateway.registry.dial("site-a", "127.0.0.1", echoPort, never));
    expect(await lane.echo("one")).toBe("one");
    const since = gateway.registry.list()[0]!.connectedAt;
    gateway.registry.close();
    expect(await lane.echo("two")).toBe("two");
    // The agent may be back within the same moment: it is another stream all the same.
    await until(() => gateway.log.includes("an agent's control stream ended"));
    await until(() => gateway.registry.list().some((agent) => agent.connectedAt > since));
    expect(await lane.echo("three")).toBe("three");
    lane.pipe.abort({ code: "cancelled", text: "done" });
  });

  it("drains on SIGTERM: no new dials, open lanes go on to their end", async () => {
    const agent = await joined();
    const lane = speak(await gateway.registry.dial("site-a", "127.0.0.1", echoPort, never));
    agent.child.kill("SIGTERM");
    await until(() => gateway.registry.list()[0]?.draining === true);
    await expect(gateway.registry.dial("site-a", "127.0.0.1", echoPort, never)).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(await lane.echo("still here")).toBe("still here");
    lane.pipe.end();
    expect(await lane.closed).toBeNull();
    expect(await agent.exited).toBe(0);
  });

  it("cuts what is still open when its time to drain is over", async () => {
    const agent = await joined({ HOOP_AGENT_DRAIN_MS: "200" });
    const lane = speak(await gateway.registry.dial("site-a", "127.0.0.1", echoPort, never));
    agent.child.kill("SIGTERM");
    expect(await lane.closed).toMatchObject({ code: "unavailable" });
    expect(await agent.exited).toBe(0);
  });

  it("renews its certificate and goes on with it, its lanes too", async () => {
    await gateway.close();
    // The shortest life that the authority gives is a minute; seen from five minutes before, two thirds have passed.
    gateway = await startTestGateway(world, { certificateMs: 60_000 });
    const { token } = await gateway.registry.createJoinToken({ agent: "site-a", lifeMs: 600_000, by: "ada" });
    run({ HOOP_AGENT_JOIN: token });
    await until(() => gateway.registry.list().length > 0);
    const first = (await readIdentity(join(folder, "state")))!;
    await until(async () => (await readIdentity(join(folder, "state")))!.certificate !== first.certificate);
    const second = (await readIdentity(join(folder, "state")))!;
    expect(second.key).not.toBe(first.key);
    await until(() => gateway.registry.list().some((agent) => !agent.draining));
    const lane = speak(await gateway.registry.dial("site-a", "127.0.0.1", echoPort, never));
    expect(await lane.echo("renewed")).toBe("renewed");
    lane.pipe.abort({ code: "cancelled", text: "done" });
  });

  it("revoked, loses its lanes at once and is not let in again", async () => {
    const agent = await joined();
    const lane = speak(await gateway.registry.dial("site-a", "127.0.0.1", echoPort, never));
    expect(await gateway.registry.revoke("site-a")).toBe(true);
    expect(await lane.closed).toMatchObject({ code: "denied", text: "agent site-a was revoked" });
    await until(() => gateway.registry.list().length === 0);
    await until(() => gateway.log.includes("an agent that is unknown or revoked was refused"));
    expect(gateway.registry.list()).toEqual([]);
    expect(agent.child.exitCode).toBeNull();
  });
});

describe("the gateway", () => {
  /** What an agent of somebody else's making could do with a good certificate. */
  async function foreignAgent(name: string) {
    const { token } = await gateway.registry.createJoinToken({ agent: name, lifeMs: 600_000, by: "ada" });
    const ca = world.pki.authorities("agents");
    const open = await connectGrpc({ url: gateway.url, tls: { ca }, userAgent: "foreign" });
    const { key, request } = createSigningRequest();
    const signed = await open.unary(AgentService.method.enrol, { joinToken: token, signingRequest: request });
    open.close();
    const session = await connectGrpc({
      url: gateway.url,
      tls: { ca, key, cert: signed.certificateChain },
      userAgent: "foreign",
    });
    const orders: string[] = [];
    const stream = session.stream(AgentService.method.control);
    stream.start({
      message: ({ message }) => {
        if (message.case === "dialOrder") orders.push(message.value.nonce);
        if (message.case === "dialWithdrawn") orders.push(`withdrawn ${message.value.nonce}`);
      },
      closed: () => {},
    });
    stream.send({ message: { case: "hello", value: { version: "foreign", allows: [] } } });
    await until(() => gateway.registry.list().some((agent) => agent.name === name));
    const lane = (nonce: string | null) => {
      const headers: Record<string, string> = nonce === null ? {} : { "hoop-nonce": nonce };
      const pipe = session.lane(AgentService.method.lane, { headers });
      return new Promise<PipeAbort | null>((resolve) => {
        pipe.start({ data() {}, end() {}, drain() {}, closed: resolve });
      });
    };
    return { session, stream, orders, lane };
  }

  it("takes a nonce once, from the agent that it was sent to, while it is good", async () => {
    const honest = await foreignAgent("site-a");
    const thief = await foreignAgent("site-b");
    const dialled = gateway.registry.dial("site-a", "10.0.0.1", 5432, never);
    await until(() => honest.orders.length === 1);
    const nonce = honest.orders[0]!;
    expect(Buffer.from(nonce, "base64url")).toHaveLength(32);
    const refused = { code: "denied", text: "no dial order of this agent has this nonce" };

    expect(await thief.lane(nonce)).toEqual(refused);
    expect(await honest.lane(null)).toEqual(refused);
    expect(await honest.lane(randomBytes(32).toString("base64url"))).toEqual(refused);
    const first = honest.lane(nonce);
    const pipe = await dialled;
    expect(await honest.lane(nonce)).toEqual(refused);
    expect(gateway.log.filter((line) => line === "a lane that nobody ordered was refused")).toHaveLength(4);

    pipe.start({ data() {}, end() {}, drain() {}, closed() {} });
    pipe.abort({ code: "denied", text: "over" });
    expect(await first).toEqual({ code: "denied", text: "over" });

    const given = new AbortController();
    const late = gateway.registry.dial("site-a", "10.0.0.1", 5432, given.signal);
    await until(() => honest.orders.length === 2);
    given.abort();
    await expect(late).rejects.toMatchObject({ code: "cancelled" });
    await until(() => honest.orders.includes(`withdrawn ${honest.orders[1]}`));
    expect(await honest.lane(honest.orders[1]!)).toEqual(refused);
    for (const agent of [honest, thief]) agent.session.close();
  });

  it("withdraws an order that is not answered in time", async () => {
    await gateway.close();
    gateway = await startTestGateway(world, { dialMs: 100 });
    const mute = await foreignAgent("site-a");
    await expect(gateway.registry.dial("site-a", "10.0.0.1", 5432, never)).rejects.toMatchObject({ code: "timeout" });
    await until(() => mute.orders.includes(`withdrawn ${mute.orders[0]}`));
    mute.session.close();
  });

  it("lets an agent that falls silent go", async () => {
    await gateway.close();
    gateway = await startTestGateway(world, { heartbeatMs: 500 });
    const mute = await foreignAgent("site-a");
    await until(() => gateway.registry.list().length === 0);
    expect(gateway.log).toContain("an agent fell silent");
    mute.session.close();
  });

  it("serves nothing but Enrol without a certificate", async () => {
    const open = await connectGrpc({
      url: gateway.url,
      tls: { ca: world.pki.authorities("agents") },
      userAgent: "nobody",
    });
    const { request } = createSigningRequest();
    const renew = open.unary(AgentService.method.renew, { signingRequest: request });
    await expect(renew).rejects.toMatchObject({ status: 16 });
    const control = open.stream(AgentService.method.control);
    expect(await new Promise((resolve) => control.start({ message() {}, closed: resolve }))).toMatchObject({
      status: 16,
    });
    const lane = open.lane(AgentService.method.lane, { headers: { "hoop-nonce": "x" } });
    expect(
      await new Promise((resolve) => lane.start({ data() {}, end() {}, drain() {}, closed: resolve })),
    ).toMatchObject({ code: "denied" });
    const guess = formatJoinToken({ secret: randomBytes(24), pin: randomBytes(32) });
    await expect(
      open.unary(AgentService.method.enrol, { joinToken: guess, signingRequest: request }),
    ).rejects.toMatchObject({ status: 16 });
    open.close();
  });

  it("wastes no token on a request that it cannot sign", async () => {
    const { token } = await gateway.registry.createJoinToken({ agent: "site-a", lifeMs: 600_000, by: "ada" });
    const open = await connectGrpc({
      url: gateway.url,
      tls: { ca: world.pki.authorities("agents") },
      userAgent: "nobody",
    });
    const enrol = (signingRequest: Uint8Array) =>
      open.unary(AgentService.method.enrol, { joinToken: token, signingRequest });
    await expect(enrol(Buffer.from("no request"))).rejects.toMatchObject({ status: 3 });
    await expect(enrol(createSigningRequest().request)).resolves.toMatchObject({ agentName: "site-a" });
    await expect(enrol(createSigningRequest().request)).rejects.toMatchObject({ status: 16 });
    open.close();
  });

  it("counts two processes of one agent and asks the newest", async () => {
    const old = await foreignAgent("site-a");
    const young = await foreignAgent("site-a");
    await until(() => gateway.registry.list().length === 2);
    const dialled = gateway.registry.dial("site-a", "10.0.0.1", 5432, never);
    await until(() => young.orders.length === 1);
    expect(old.orders).toEqual([]);
    // The newest is lost while it dials: the other is asked.
    young.session.close();
    await until(() => old.orders.length === 1);
    void old.lane(old.orders[0]!);
    (await dialled).abort({ code: "cancelled", text: "done" });
    old.session.close();
  });
});
