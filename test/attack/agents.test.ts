import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { keepRenewed } from "../../src/agent/renew.js";
import { createSigningRequest } from "../../src/agent/signing-request.js";
import { readIdentity, writeIdentity } from "../../src/agent/state.js";
import { DialFailure } from "../../src/transport/grpc/gen/hoop/v1/agent_pb.js";
import {
  AgentService,
  connectGrpc,
  type GatewayLink,
  type GrpcError,
  type GrpcSession,
  grpcStatus,
} from "../../src/transport/grpc/index.js";
import { agentId } from "../../src/vocabulary/index.js";
import { createTestAuthority } from "../transport/authority.js";
import { createTestWorld, startTestGateway, type TestGateway, type TestWorld, until } from "../transport/gateway.js";

/** Agents that are not who they say, and agents that are and mean harm. */

let world: TestWorld;
let gateway: TestGateway;
const sessions: GrpcSession[] = [];
beforeEach(async () => {
  world = await createTestWorld();
  gateway = await startTestGateway(world, { dialMs: 20_000 });
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.close();
  await gateway.close();
});

interface Paper {
  readonly key: string;
  readonly cert: string;
}

async function enrolled(name: string): Promise<Paper & { readonly token: string }> {
  const { token } = await gateway.registry.createJoinToken({ agent: name, lifeMs: 600_000, by: "ada" });
  const open = await connectGrpc({ url: gateway.url, tls: { ca: world.pki.authorities("agents") }, userAgent: "t" });
  const { key, request } = createSigningRequest();
  const signed = await open.unary(AgentService.method.enrol, { joinToken: token, signingRequest: request });
  open.close();
  return { key, cert: signed.certificateChain, token };
}

async function come({ key, cert }: Paper): Promise<GrpcSession> {
  const session = await connectGrpc({
    url: gateway.url,
    tls: { ca: world.pki.authorities("agents"), key, cert },
    userAgent: "t",
  });
  sessions.push(session);
  return session;
}

function control(session: GrpcSession) {
  const orders: string[] = [];
  let over: GrpcError | null | undefined;
  let welcomed = false;
  const stream = session.stream(AgentService.method.control);
  stream.start({
    message: ({ message }) => {
      if (message.case === "welcome") welcomed = true;
      if (message.case === "dialOrder") orders.push(message.value.nonce);
    },
    closed: (error) => {
      over = error;
    },
  });
  return { stream, orders, over: () => over, welcomed: () => welcomed };
}

const hello = { message: { case: "hello" as const, value: { version: "t", capabilities: [], allows: [] } } };

async function refusedEverywhere(paper: Paper): Promise<void> {
  const session = await come(paper);
  const one = control(session);
  one.stream.send(hello);
  await until(() => one.over() !== undefined);
  expect(one.over()).toMatchObject({ status: 16 });
  const { request } = createSigningRequest();
  await expect(session.unary(AgentService.method.renew, { signingRequest: request })).rejects.toMatchObject({
    status: 16,
  });
  expect(gateway.registry.list()).toEqual([]);
}

it("a certificate of the authority for names is no agent's", async () => {
  const leaf = await world.pki.serverCertificateFor("pg-demo");
  await refusedEverywhere({ key: leaf.key, cert: leaf.chain });
});

it("the gateway's own certificate is no agent's", async () => {
  const own = await world.pki.gatewayCertificate();
  await refusedEverywhere({ key: own.key, cert: own.chain });
});

it("a certificate of somebody else's authority is no agent's, though it bears an agent's very name", async () => {
  const good = await enrolled("site-a");
  const foreign = await createTestAuthority("Hoop agents CA");
  const forged = await foreign.issue(["site-a"], "clientAuth");
  await refusedEverywhere({ key: forged.key, cert: forged.chain });
  expect(good.cert).toContain("BEGIN CERTIFICATE");
});

it("a certificate for an id that was never enrolled opens nothing", async () => {
  const { key, request } = createSigningRequest();
  const issued = await world.pki.issueAgentCertificate(request, {
    agentId: agentId(randomUUID()),
    name: "site-a",
    ttlMs: 600_000,
  });
  await refusedEverywhere({ key, cert: issued.chain });
});

it("a certificate that has ended opens nothing, nor does a connection that it opened while it was good", async () => {
  await gateway.close();
  gateway = await startTestGateway(world, { certificateMs: 60_000 });
  const paper = await enrolled("site-a");
  const session = await come(paper);
  await gateway.close();
  expect(session.usable).toBe(false);
  // The registry's clock goes past the certificate's end, TLS's does not: the connection stays, its calls are refused.
  gateway = await startTestGateway(world, { now: () => Date.now() + 3_600_000 });
  await refusedEverywhere(paper);
});

it("who holds a certificate but not its key does not come in", async () => {
  const paper = await enrolled("site-a");
  const { key } = createSigningRequest();
  await expect(come({ key, cert: paper.cert })).rejects.toThrow();
});

it("a signing request that its own key did not sign, or that is too long, is refused and wastes no token", async () => {
  const { token } = await gateway.registry.createJoinToken({ agent: "site-a", lifeMs: 600_000, by: "ada" });
  const open = await connectGrpc({ url: gateway.url, tls: { ca: world.pki.authorities("agents") }, userAgent: "t" });
  sessions.push(open);
  // A request whose signature is another key's.
  const { request } = createSigningRequest();
  const broken = Buffer.from(request);
  broken[broken.length - 1] = broken.at(-1)! ^ 1;
  await expect(
    open.unary(AgentService.method.enrol, { joinToken: token, signingRequest: broken }),
  ).rejects.toMatchObject({ status: 3 });
  await expect(
    open.unary(AgentService.method.enrol, { joinToken: token, signingRequest: Buffer.alloc(9_000, 0x30) }),
  ).rejects.toMatchObject({ status: 8 });
  expect((await open.unary(AgentService.method.enrol, { joinToken: token, signingRequest: request })).agentName).toBe(
    "site-a",
  );
});

it("a token is good once, also when many bring it at the same moment", async () => {
  const { token } = await gateway.registry.createJoinToken({ agent: "site-a", lifeMs: 600_000, by: "ada" });
  const open = await connectGrpc({ url: gateway.url, tls: { ca: world.pki.authorities("agents") }, userAgent: "t" });
  sessions.push(open);
  const tries = await Promise.allSettled(
    Array.from({ length: 20 }, () =>
      open.unary(AgentService.method.enrol, { joinToken: token, signingRequest: createSigningRequest().request }),
    ),
  );
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

it("an agent with more control streams than it can need is refused the rest, and a revocation still ends all it has", async () => {
  const session = await come(await enrolled("site-a"));
  const many = Array.from({ length: 30 }, () => control(session));
  for (const { stream } of many) stream.send(hello);
  await until(
    () =>
      many.filter((one) => one.over() !== undefined).length === 22 && many.filter((one) => one.welcomed()).length === 8,
  );
  expect(many.find((one) => one.over())!.over()).toMatchObject({ status: 8 });
  expect(gateway.registry.list()).toHaveLength(8);
  await gateway.registry.revoke("site-a");
  await until(() => many.every((one) => one.over() !== undefined) && gateway.registry.list().length === 0);
  // Places are given back.
  const other = await come(await enrolled("site-b"));
  for (let i = 0; i < 20; i++) {
    const one = control(other);
    one.stream.send(hello);
    await until(() => one.welcomed());
    one.stream.end();
    await until(() => one.over() !== undefined);
  }
});

it("lies on the control stream change nothing for others: foreign and invented failures, endless reasons, escapes", async () => {
  const [honest, liar] = [await come(await enrolled("site-a")), await come(await enrolled("site-b"))];
  const [good, bad] = [control(honest), control(liar)];
  good.stream.send(hello);
  bad.stream.send({
    message: {
      case: "hello",
      value: {
        version: "\u001b[2J".repeat(5_000),
        capabilities: [],
        allows: new Array(5_000).fill("\u001b]0;owned\u0007"),
      },
    },
  });
  await until(() => good.welcomed() && bad.welcomed());
  const seen = (await gateway.registry.agents()).find(({ name }) => name === "site-b")!;
  expect(JSON.stringify(seen)).not.toMatch(/\\u001b|\\u0007/);
  expect(seen.version!.length).toBeLessThanOrEqual(64);
  expect(seen.allows.length).toBeLessThanOrEqual(200);

  const dialled = gateway.registry.dial("site-a", "10.0.0.1", 5432, new AbortController().signal);
  await until(() => good.orders.length === 1);
  for (let i = 0; i < 1_000; i++) {
    bad.stream.send({
      message: { case: "dialFailed", value: { nonce: good.orders[0]!, failure: DialFailure.REFUSED, text: "x" } },
    });
    bad.stream.send({
      message: { case: "dialFailed", value: { nonce: `n${i}`, failure: 99 as DialFailure, text: "x".repeat(1_000) } },
    });
    bad.stream.send({ message: { case: "heartbeat", value: { sequence: 0xffff_ffff_ffff_ffffn } } });
  }
  const lane = honest.lane(AgentService.method.lane, { headers: { "hoop-nonce": good.orders[0]! } });
  lane.start({ data() {}, end() {}, drain() {}, closed() {} });
  const pipe = await dialled;
  expect(pipe.label).toContain("lane");

  const failing = gateway.registry.dial("site-b", "10.0.0.1", 5432, new AbortController().signal);
  await until(() => bad.orders.length === 1);
  bad.stream.send({
    message: {
      case: "dialFailed",
      value: { nonce: bad.orders[0]!, failure: 99 as DialFailure, text: `\u001b[31m\r\n${"x".repeat(100_000)}` },
    },
  });
  const error = await failing.catch((thrown: Error) => thrown);
  expect((error as Error).message).not.toMatch(/[\u0000-\u001f]/);
  expect((error as Error).message.length).toBeLessThan(500);
});

it("a lane that sends what is no frame ends that lane and nothing else", async () => {
  const session = await come(await enrolled("site-a"));
  const one = control(session);
  one.stream.send(hello);
  await until(() => one.welcomed());
  const ends: unknown[] = [];
  for (const garbage of [
    Buffer.from([1, 0, 0, 0, 0]),
    Buffer.from([0, 0, 0, 0, 2, 0x0b, 0]),
    Buffer.from([0, 0xff, 0xff, 0xff, 0xff]),
  ]) {
    const dialled = gateway.registry.dial("site-a", "10.0.0.1", 5432, new AbortController().signal);
    const count = one.orders.length;
    await until(() => one.orders.length === count + 1);
    const stream = rawLane(session, one.orders.at(-1)!);
    const pipe = await dialled;
    pipe.start({ data() {}, end() {}, drain() {}, closed: (abort) => void ends.push(abort?.code) });
    stream.write(garbage);
    await until(() => ends.length === count + 1);
  }
  expect(ends).toEqual(["malformed", "malformed", "malformed"]);
  expect(gateway.registry.list()).toHaveLength(1);
  expect(one.over()).toBeUndefined();
});

it("an agent keeps what it is when the gateway answers a renewal with nonsense, or with somebody else's certificate", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hoop-agent-"));
  const stopping = new AbortController();
  try {
    const { key, request } = createSigningRequest();
    const authority = world.pki.authorities("agents");
    // Most of its life is over: certificates begin five minutes before they are made.
    const { chain } = await world.pki.issueAgentCertificate(request, {
      agentId: agentId(randomUUID()),
      name: "site-a",
      ttlMs: 60_000,
    });
    const identity = { name: "site-a", key, certificate: chain, authority };
    await writeIdentity(folder, identity);
    const others = await world.pki.issueAgentCertificate(request, {
      agentId: agentId(randomUUID()),
      name: "site-b",
      ttlMs: 60_000,
    });
    const answers = [
      { certificateChain: "nonsense", gatewayAuthority: authority },
      { certificateChain: others.chain, gatewayAuthority: authority },
      { certificateChain: "", gatewayAuthority: "" },
    ];
    let asked = 0;
    const link = {
      ready: async () => ({ unary: async () => answers[asked++ % answers.length] }),
      renew() {},
    } as unknown as GatewayLink;
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const over = keepRenewed(() => identity, link, {
      state: folder,
      log,
      signal: stopping.signal,
      renewed: () => expect.unreachable(),
    });
    await until(() => asked >= 2);
    stopping.abort();
    await over;
    expect(await readIdentity(folder)).toEqual(identity);
  } finally {
    stopping.abort();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A lane's HTTP/2 stream without our framing. */
function rawLane(session: GrpcSession, nonce: string): { write(bytes: Buffer): void } {
  const lane = session.lane(AgentService.method.lane, { headers: { "hoop-nonce": nonce } });
  lane.start({ data() {}, end() {}, drain() {}, closed() {} });
  const { call } = lane as unknown as { call: { send(prefix: Buffer, length: number, payload: Buffer): void } };
  return { write: (bytes) => call.send(bytes, bytes.length, Buffer.alloc(0)) };
}

it("an agent that renews its certificate without end is refused after a while, and other agents are not", async () => {
  const bad = await come(await enrolled("site-bad"));
  const good = await come(await enrolled("site-good"));
  const { request } = createSigningRequest();
  const renew = (session: GrpcSession): Promise<string> =>
    session.unary(AgentService.method.renew, { signingRequest: request }).then(
      () => "renewed",
      (error: GrpcError) => `${error.status} ${error.message}`,
    );
  const told = await Promise.all(Array.from({ length: 260 }, () => renew(bad)));
  expect(told.filter((one) => one === "renewed").length).toBeLessThan(240);
  expect(told.at(-1)).toBe(`${grpcStatus.resourceExhausted} this agent renews its certificate too often`);
  expect(await renew(good)).toBe("renewed");
});
