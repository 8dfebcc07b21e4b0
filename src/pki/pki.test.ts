import { execFileSync, spawnSync } from "node:child_process";
import { createPrivateKey, randomUUID, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentId, HoopError } from "../vocabulary/index.js";
import { agentFromCertificate, createMemoryPkiStore, createPki, type KeyVault, type Pki } from "./index.js";
import { generateKeys, importPrivateKey, issueCertificate, pem } from "./issue.js";

function memoryVault(): KeyVault & { readonly values: Map<string, Uint8Array> } {
  const values = new Map<string, Uint8Array>();
  return {
    values,
    put: async (ref, secret) => void values.set(`${ref.kind}/${ref.id}`, secret),
    get: async (ref) => {
      const value = values.get(`${ref.kind}/${ref.id}`);
      return value === undefined ? null : { revealBytes: () => value };
    },
    delete: async (ref) => values.delete(`${ref.kind}/${ref.id}`),
  };
}

const gateway = { names: ["gateway.example.test", "localhost"], addresses: ["127.0.0.1", "::1"] };
const folder = mkdtempSync(join(tmpdir(), "hoop-pki-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** What the real openssl says: null when it verifies, else its words. */
function opensslVerify(authorities: string, chain: string, ...more: string[]): string | null {
  const result = spawnSync(
    "openssl",
    [
      "verify",
      "-x509_strict",
      "-no-CApath",
      "-no-CAstore",
      "-CAfile",
      file("ca.pem", authorities),
      ...more,
      file("leaf.pem", chain),
    ],
    { encoding: "utf8" },
  );
  return result.status === 0 ? null : result.stderr + result.stdout;
}

function signingRequest(...keyArguments: string[]): Buffer {
  const key = join(folder, "agent.key");
  execFileSync("openssl", ["genpkey", ...keyArguments, "-out", key], { stdio: "ignore" });
  return execFileSync(
    "openssl",
    [
      "req",
      "-new",
      "-key",
      key,
      "-subj",
      "/CN=wants-to-be-admin",
      "-addext",
      "subjectAltName=DNS:evil.example",
      "-outform",
      "DER",
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
}

const p256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

describe("certificates", () => {
  let pki: Pki;
  const vault = memoryVault();
  const store = createMemoryPkiStore();
  beforeAll(async () => {
    pki = await createPki({ store, vault, gateway });
  });

  it("gives a connection a leaf for its own name that openssl accepts strictly", async () => {
    const leaf = await pki.serverCertificateFor("pg-demo");
    expect(
      opensslVerify(pki.authorities("names"), leaf.chain, "-purpose", "sslserver", "-verify_hostname", "pg-demo.hoop"),
    ).toBeNull();
    expect(opensslVerify(pki.authorities("names"), leaf.chain, "-verify_hostname", "pg-other.hoop")).toContain(
      "hostname mismatch",
    );
    const certificate = new X509Certificate(leaf.chain);
    expect(certificate.subjectAltName).toBe("DNS:pg-demo.hoop");
    expect(Date.now() - Date.parse(certificate.validFrom)).toBeGreaterThanOrEqual(5 * 60_000);
    expect(leaf.chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  it("caches a leaf for a day", async () => {
    let now = Date.now();
    const timed = await createPki({ store: createMemoryPkiStore(), vault: memoryVault(), gateway, now: () => now });
    const first = await timed.serverCertificateFor("a");
    now += 23 * 3600_000;
    expect(await timed.serverCertificateFor("a")).toBe(first);
    now += 3600_000;
    expect(await timed.serverCertificateFor("a")).not.toBe(first);
  });

  it("refuses names that are not a connection's", async () => {
    for (const name of ["", "a.b", "*", "UPPER", "a\0b", "-a", "a".repeat(64)])
      await expect(pki.serverCertificateFor(name)).rejects.toBeInstanceOf(HoopError);
  });

  it("binds its names authority to .hoop: openssl rejects anything else that it signs", async () => {
    const certificate = pki.authorities("names");
    const authority = (await store.authorities()).find((each) => each.kind === "names")!;
    const key = await importPrivateKey(vault.values.get(`authority-key/${authority.id}`)!);
    const keys = await generateKeys();
    const sign = async (names: Parameters<typeof issueCertificate>[1]["names"]) =>
      pem(
        await issueCertificate(
          { certificate, key },
          { commonName: "x", names, publicKey: keys.publicKey, usage: "serverAuth", now: Date.now(), lifeMs: 3600_000 },
        ),
      );
    expect(opensslVerify(certificate, await sign([{ type: "dns", value: "fine.hoop" }]))).toBeNull();
    expect(opensslVerify(certificate, await sign([{ type: "dns", value: "bank.example.com" }]))).toContain(
      "permitted subtree violation",
    );
    expect(opensslVerify(certificate, await sign([{ type: "dns", value: "nothoop" }]))).toContain(
      "permitted subtree violation",
    );
    expect(
      opensslVerify(
        certificate,
        await sign([
          { type: "dns", value: "fine.hoop" },
          { type: "ip", value: "10.0.0.1" },
        ]),
      ),
    ).toContain("excluded subtree violation");
    expect(
      opensslVerify(
        certificate,
        await sign([
          { type: "dns", value: "fine.hoop" },
          { type: "ip", value: "::1" },
        ]),
      ),
    ).toContain("excluded subtree violation");
  });

  it("gives the gateway a certificate for its names and addresses, for servers only", async () => {
    const leaf = await pki.gatewayCertificate();
    expect(
      opensslVerify(
        pki.authorities("agents"),
        leaf.chain,
        "-purpose",
        "sslserver",
        "-verify_hostname",
        "gateway.example.test",
      ),
    ).toBeNull();
    expect(opensslVerify(pki.authorities("agents"), leaf.chain, "-verify_ip", "::1")).toBeNull();
    expect(opensslVerify(pki.authorities("agents"), leaf.chain, "-purpose", "sslclient")).toContain(
      "unsuitable certificate purpose",
    );
    expect(() => agentFromCertificate(new X509Certificate(leaf.chain).raw)).toThrow("not an agent's");
    expect(await pki.gatewayCertificate()).toBe(leaf);
  });

  it.each([
    ["EC P-256", p256],
    ["EC P-384", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]],
    ["Ed25519", ["-algorithm", "ED25519"]],
  ])("signs an agent's %s key with names of its own choice", async (_, algorithm) => {
    const id = agentId(randomUUID());
    const issued = await pki.issueAgentCertificate(signingRequest(...algorithm), {
      agentId: id,
      name: "eu-west",
      ttlMs: 3600_000,
    });
    expect(opensslVerify(pki.authorities("agents"), issued.chain, "-purpose", "sslclient")).toBeNull();
    expect(opensslVerify(pki.authorities("agents"), issued.chain, "-purpose", "sslserver")).toContain(
      "unsuitable certificate purpose",
    );
    const certificate = new X509Certificate(issued.chain);
    expect(certificate.subject).toBe("CN=eu-west");
    expect(certificate.subjectAltName).toBe(`URI:hoop://agent/${id}`);
    expect(certificate.checkPrivateKey(createPrivateKey(readFileSync(join(folder, "agent.key"))))).toBe(true);
    expect(agentFromCertificate(certificate.raw)).toMatchObject({
      id,
      fingerprint: issued.fingerprint,
      expires: issued.expires,
    });
  });

  it("refuses requests that are weak, forged, oversized or nonsense", async () => {
    const agent = { agentId: agentId(randomUUID()), name: "a", ttlMs: 3600_000 };
    await expect(
      pki.issueAgentCertificate(signingRequest("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"), agent),
    ).rejects.toMatchObject({ code: "unsupported" });
    const forged = signingRequest(...p256);
    const at = forged.indexOf("wants-to-be-admin");
    forged[at] = forged[at]! ^ 1;
    await expect(pki.issueAgentCertificate(forged, agent)).rejects.toMatchObject({ code: "malformed" });
    await expect(pki.issueAgentCertificate(Buffer.alloc(9000), agent)).rejects.toMatchObject({ code: "too-large" });
    await expect(pki.issueAgentCertificate(Buffer.from("30820000", "hex"), agent)).rejects.toMatchObject({
      code: "malformed",
    });
    await expect(pki.issueAgentCertificate(new Uint8Array(), agent)).rejects.toMatchObject({ code: "malformed" });
    expect(() => agentFromCertificate(Buffer.from("nonsense"))).toThrow("cannot be read");
  });

  it("overlaps authorities: a successor is trusted at once and signs later", async () => {
    let now = Date.now();
    const own = createMemoryPkiStore();
    const timed = await createPki({ store: own, vault: memoryVault(), gateway, now: () => now });
    const old = await timed.serverCertificateFor("a");
    await timed.addAuthority("names", new Date(now + 3600_000));
    const both = timed.authorities("names");
    expect(both.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect((await timed.serverCertificateFor("b")).chain.split("-----END")[1]).toBe(old.chain.split("-----END")[1]);
    now += 2 * 3600_000;
    const fresh = await timed.serverCertificateFor("c");
    expect(fresh.chain.split("-----END")[1]).not.toBe(old.chain.split("-----END")[1]);
    for (const chain of [old.chain, fresh.chain])
      expect(opensslVerify(both, chain, "-attime", String(Math.floor(now / 1000)))).toBeNull();
  });

  it("makes a successor before the end, and one only when two replicas start at once", async () => {
    let now = Date.now();
    const own = createMemoryPkiStore();
    const keys = memoryVault();
    await Promise.all([
      createPki({ store: own, vault: keys, gateway, now: () => now }),
      createPki({ store: own, vault: keys, gateway, now: () => now }),
    ]);
    expect(await own.authorities()).toHaveLength(2);
    expect(keys.values.size).toBe(2);
    now += 9.5 * 365 * 24 * 3600_000;
    const later = await createPki({ store: own, vault: keys, gateway, now: () => now });
    await later.refresh();
    expect(await own.authorities()).toHaveLength(4);
  });
});
