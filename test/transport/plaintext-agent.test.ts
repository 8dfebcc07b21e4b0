import { createPrivateKey, sign, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AgentIdentity, readIdentity } from "../../src/agent/state.js";
import {
  AgentService,
  agentCertificateHeader,
  agentProofHeader,
  agentProver,
  connectGrpc,
  type GrpcSession,
  grpcStatus,
} from "../../src/transport/grpc/index.js";
import { type AgentProcess, buildAgent, startAgent, stopAgent } from "./agent-process.js";
import { createTestAuthority } from "./authority.js";
import { createTestWorld, startTestGateway, type TestGateway, type TestWorld, until } from "./gateway.js";

let program: string;
let world: TestWorld;
let gateway: TestGateway;
let folder: string;
let echo: Server;
const agents: AgentProcess[] = [];
const sessions: GrpcSession[] = [];
const never = new AbortController().signal;
const controlPath = "/hoop.v1.AgentService/Control";

beforeAll(async () => {
  program = await buildAgent();
  echo = createServer((socket) => void socket.on("error", () => {}).pipe(socket));
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
});

afterAll(() => void echo.close());

beforeEach(async () => {
  world = await createTestWorld();
  gateway = await startTestGateway(world, { tls: false });
  folder = await mkdtemp(join(tmpdir(), "hoop-agent-plain-"));
});

afterEach(async () => {
  for (const session of sessions.splice(0)) session.close();
  for (const agent of agents.splice(0)) if (agent.child.exitCode === null) await stopAgent(agent);
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

const echoPort = () => (echo.address() as AddressInfo).port;

async function joined(token?: string): Promise<AgentProcess> {
  const made = await gateway.registry.createJoinToken({ agent: "site-a", lifeMs: 600_000, by: "ada" });
  const agent = startAgent(program, {
    HOOP_AGENT_GATEWAY: gateway.url,
    HOOP_AGENT_STATE: join(folder, "state"),
    HOOP_AGENT_ALLOW: `127.0.0.1:${echoPort()}`,
    HOOP_AGENT_JOIN: token ?? made.token,
  });
  agents.push(agent);
  await until(() => gateway.registry.list().length > 0 || agent.child.exitCode !== null);
  return agent;
}

/** Joined, gone again: what somebody holds who has its certificate and key. */
async function identity(): Promise<AgentIdentity> {
  const agent = await joined();
  await stopAgent(agent);
  await until(() => gateway.registry.list().length === 0);
  return (await readIdentity(join(folder, "state")))!;
}

/** The status with which a control stream with this metadata is refused; null: it is welcome. */
async function control(headers: Record<string, string>, url = gateway.url): Promise<number | null> {
  const session = await connectGrpc({ url, userAgent: "test", tls: { ca: world.pki.authorities("agents") } });
  sessions.push(session);
  const stream = session.stream(AgentService.method.control, { headers });
  return new Promise((resolve) => {
    stream.start({
      message: ({ message }) => message.case === "welcome" && resolve(null),
      closed: (error) => resolve(error?.status ?? 0),
    });
    stream.send({ message: { case: "hello", value: { version: "t", capabilities: [], allows: [] } } });
  });
}

/** A proof with every part of the choice of who makes it. */
function proof(
  { certificate, key }: Pick<AgentIdentity, "certificate" | "key">,
  { path = controlPath, nonce = "", at = Date.now(), random = "A".repeat(22), signer = key } = {},
): Record<string, string> {
  const text = `hoop agent proof 1\n${path}\n${nonce}\n${at}\n${random}\n`;
  const signature = sign("sha256", Buffer.from(text), createPrivateKey(signer)).toString("base64url");
  return {
    [agentCertificateHeader]: new X509Certificate(certificate).raw.toString("base64url"),
    [agentProofHeader]: `1.${at}.${random}.${signature}`,
  };
}

describe("an agent without TLS", () => {
  it("joins, dials and carries, proven by its certificate's key", async () => {
    await joined();
    expect(gateway.registry.list()).toMatchObject([{ name: "site-a" }]);
    const pipe = await gateway.registry.dial("site-a", "127.0.0.1", echoPort(), never);
    const heard = new Promise<string>((resolve) => {
      pipe.start({ data: (chunk) => resolve(chunk.toString()), end() {}, drain() {}, closed() {} });
    });
    pipe.write(Buffer.from("hello"));
    expect(await heard).toBe("hello");
    pipe.abort({ code: "cancelled", text: "enough" });
  });

  it("does not join a gateway that the token is not for", async () => {
    const other = await startTestGateway(await createTestWorld(), { tls: false });
    const { token } = await other.registry.createJoinToken({ agent: "site-a", lifeMs: 600_000, by: "ada" });
    await other.close();
    // This gateway would take anybody's token, and signs with an authority of its own.
    const { secret } = (await import("../../src/transport/grpc/index.js")).parseJoinToken(token)!;
    const { hashJoinSecret } = await import("../../src/transport/grpc/index.js");
    const draft = { agent: "site-a", uses: 1, expiresAt: new Date(Date.now() + 600_000), by: "mallory" };
    await world.store.createJoinToken({ ...draft, hash: hashJoinSecret(secret) });
    const agent = await joined(token);
    expect(await agent.exited).toBe(1);
    expect(agent.lines.at(-1)).toMatchObject({ code: "denied", msg: expect.stringMatching(/not the gateway/) });
    expect(await readIdentity(join(folder, "state"))).toBeNull();
  });

  it("is refused without a proof, and with one that is not good", async () => {
    const mine = await identity();
    const refused = grpcStatus.unauthenticated;
    const foreign = await createTestAuthority("somebody");
    const theirs = await foreign.issue(["site-a"], "clientAuth");
    const now = Date.now();
    const bad: Record<string, Record<string, string>> = {
      none: {},
      "no signature": { [agentCertificateHeader]: proof(mine)[agentCertificateHeader]! },
      "another key": proof({ ...mine, key: theirs.key }),
      "another authority": proof({ certificate: theirs.chain, key: theirs.key }),
      "for another method": proof(mine, { path: "/hoop.v1.AgentService/Renew" }),
      "for a lane": proof(mine, { nonce: "x" }),
      old: proof(mine, { at: now - 61_000 }),
      "of the future": proof(mine, { at: now + 90_000 }),
      "another form": { ...proof(mine), [agentProofHeader]: "1.2.3.4" },
      "no certificate": { ...proof(mine), [agentCertificateHeader]: "AAAA" },
    };
    for (const [what, headers] of Object.entries(bad)) expect([what, await control(headers)]).toEqual([what, refused]);
    expect(await control(proof(mine))).toBeNull();
  });

  it("is proven once by a proof", async () => {
    const mine = await identity();
    const headers = proof(mine, { random: "B".repeat(22) });
    expect(await control(headers)).toBeNull();
    expect(await control(headers)).toBe(grpcStatus.unauthenticated);
  });

  it("is refused when its certificate has ended, or it was revoked", async () => {
    const mine = await identity();
    await gateway.registry.revoke("site-a");
    expect(await control(agentProver(mine)(controlPath, {}))).toBe(grpcStatus.unauthenticated);
    await gateway.close();
    gateway = await startTestGateway(world, { certificateMs: 60_000, tls: false });
    await rm(join(folder, "state"), { recursive: true });
    const short = await identity();
    const { validTo } = new X509Certificate(short.certificate);
    const late = Date.parse(validTo) + 1000;
    const { AgentProofs } = await import("../../src/transport/grpc/index.js");
    const headers = agentProver(short, () => late)(controlPath, {});
    const authorities = world.pki.authorities("agents");
    expect(new AgentProofs().verify(controlPath, headers, authorities, late)).toBeNull();
    expect(new AgentProofs().verify(controlPath, headers, authorities, late - 2000)).not.toBeNull();
  });

  it("is not taken at its word by a gateway that has TLS", async () => {
    const mine = await identity();
    const secure = await startTestGateway(world);
    try {
      expect(await control(proof(mine), secure.url)).toBe(grpcStatus.unauthenticated);
    } finally {
      await secure.close();
    }
  });
});
