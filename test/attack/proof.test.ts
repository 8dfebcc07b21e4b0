import { randomUUID, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { createSigningRequest } from "../../src/agent/signing-request.js";
import {
  AgentProofs,
  agentCertificateHeader,
  agentProofHeader,
  agentProver,
  laneNonceHeader,
} from "../../src/transport/grpc/agent-proof.js";
import { agentId } from "../../src/vocabulary/index.js";
import { createTestAuthority } from "../transport/authority.js";
import { createTestWorld, type TestWorld } from "../transport/gateway.js";

/** Calls without TLS that were recorded on the way, and what can be made of them. */

let world: TestWorld;
let identity: { certificate: string; key: string };
let authorities: string;
const path = "/hoop.v1.AgentService/Control";

async function issue(): Promise<typeof identity> {
  const { key, request } = createSigningRequest();
  const { chain } = await world.pki.issueAgentCertificate(request, {
    agentId: agentId(randomUUID()),
    name: "site-a",
    ttlMs: 600_000,
  });
  return { certificate: chain, key };
}

beforeAll(async () => {
  world = await createTestWorld();
  authorities = world.pki.authorities("agents");
  identity = await issue();
});

describe("a recorded call", () => {
  it("is good once, however its certificate is spelt the second time", () => {
    const proofs = new AgentProofs();
    const headers = agentProver(identity)(path, {});
    expect(proofs.verify(path, headers, authorities, Date.now())).not.toBeNull();
    const text = headers[agentCertificateHeader]!;
    const der = Buffer.from(text, "base64url");
    for (const again of [
      text,
      `${text}=`,
      `${text}==`,
      text.replaceAll("-", "+").replaceAll("_", "/"),
      der.toString("base64"),
      `${text}\t`,
      Buffer.concat([der, Buffer.from([0])]).toString("base64url"),
      Buffer.from(new X509Certificate(der).toString()).toString("base64url"),
    ]) {
      expect(proofs.verify(path, { ...headers, [agentCertificateHeader]: again }, authorities, Date.now())).toBeNull();
    }
  });

  it("does not open another method, another lane, another time or another agent", async () => {
    const headers = agentProver(identity)("/hoop.v1.AgentService/Lane", { [laneNonceHeader]: "nonce-a" });
    const lane = { ...headers, [laneNonceHeader]: "nonce-a" };
    const taken = (more: object, at = path, now = Date.now()) =>
      new AgentProofs().verify(at, { ...lane, ...more }, authorities, now);
    expect(taken({}, "/hoop.v1.AgentService/Lane")).not.toBeNull();
    expect(taken({})).toBeNull();
    expect(taken({}, "/hoop.v1.AgentService/Renew")).toBeNull();
    expect(taken({ [laneNonceHeader]: "nonce-b" }, "/hoop.v1.AgentService/Lane")).toBeNull();
    expect(taken({ [laneNonceHeader]: undefined }, "/hoop.v1.AgentService/Lane")).toBeNull();
    expect(taken({ [laneNonceHeader]: "nonce-a\nx" }, "/hoop.v1.AgentService/Lane")).toBeNull();
    expect(taken({}, "/hoop.v1.AgentService/Lane", Date.now() + 61_000)).toBeNull();
    expect(taken({}, "/hoop.v1.AgentService/Lane", Date.now() - 61_000)).toBeNull();
    const other = agentProver(await issue())("/hoop.v1.AgentService/Lane", { [laneNonceHeader]: "nonce-a" });
    expect(taken({ [agentCertificateHeader]: other[agentCertificateHeader] }, "/hoop.v1.AgentService/Lane")).toBeNull();
    const [version, at, random, signature] = headers[agentProofHeader]!.split(".");
    for (const proof of [
      `2.${at}.${random}.${signature}`,
      `${version}.${Number(at) + 1}.${random}.${signature}`,
      `${version}.${at}.${"A".repeat(22)}.${signature}`,
      `${version}.${at}.${random}.`,
      "",
    ]) {
      expect(taken({ [agentProofHeader]: proof }, "/hoop.v1.AgentService/Lane")).toBeNull();
    }
  });

  it("of a certificate of another authority is worth nothing", async () => {
    const foreign = await createTestAuthority("Hoop agents CA");
    const forged = await foreign.issue(["site-a"], "clientAuth");
    expect(
      new AgentProofs().verify(
        path,
        agentProver({ certificate: forged.chain, key: forged.key })(path, {}),
        authorities,
        Date.now(),
      ),
    ).toBeNull();
    const leaf = await world.pki.serverCertificateFor("pg-demo");
    expect(
      new AgentProofs().verify(
        path,
        agentProver({ certificate: leaf.chain, key: leaf.key })(path, {}),
        authorities,
        Date.now(),
      ),
    ).toBeNull();
  });
});
