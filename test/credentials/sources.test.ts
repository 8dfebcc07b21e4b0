import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask } from "../../src/secrets/sources/http.js";
import {
  createAwsSource,
  createEnvironmentSource,
  createFileSource,
  createSecretSources,
  createVaultSource,
  mayRefer,
  readReference,
  type SecretSource,
  type VaultAuth,
} from "../../src/secrets/sources/index.js";
import type { Connection } from "../../src/vocabulary/index.js";
import { until } from "../support/clients.js";
import { type FakePlace, type FakeVault, startFakeAws, startFakeVault } from "../support/fake-vault.js";

const signal = (): AbortSignal => AbortSignal.timeout(5_000);
const log = { warn: () => {} };
const connection = { name: "pg-prod", labels: { team: "payments" } } as unknown as Connection;
let folder: string;
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hoop-sources-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("HashiCorp Vault", () => {
  let vault: FakeVault;
  beforeEach(async () => {
    vault = await startFakeVault();
    vault.secrets.set("kv/data/pg", {
      data: { data: { username: "app", password: "second" }, metadata: { version: 3 } },
    });
    vault.secrets.set("secret/pg", { data: { password: "first", pin: 7 } });
    vault.secrets.set("team:kv/data/pg", { data: { data: { password: "theirs" }, metadata: {} } });
    vault.secrets.set("kv/data/deleted", { data: { data: null, metadata: { deletion_time: "2026-01-01" } } });
    vault.secrets.set("wrapped/pg", { data: { password: "unwrapped" } });
    return () => vault.close();
  });
  const source = (auth: VaultAuth, namespace: string | null = null, now = Date.now): SecretSource =>
    createVaultSource({ address: new URL(vault.url), auth, namespace, ca: null, now });
  const token = (): VaultAuth => ({ kind: "token", tokenFile: file("token", "root\n") });

  it("reads both versions of key-value, a namespace, and what is wrapped", async () => {
    const read = source(token());
    expect(await read.read("kv/data/pg", "password", signal())).toEqual({ user: "app", secret: "second" });
    expect(await read.read("secret/pg", "password", signal())).toEqual({ user: null, secret: "first" });
    expect(await read.read("wrapped/pg", null, signal())).toEqual({ user: null, secret: "unwrapped" });
    expect(await source(token(), "team").read("kv/data/pg", null, signal())).toEqual({ user: null, secret: "theirs" });
    await expect(read.read("kv/data/deleted", null, signal())).rejects.toMatchObject({ code: "not-found" });
    await expect(read.read("secret/pg", "pin", signal())).rejects.toMatchObject({ code: "not-found" });
    await expect(read.read("secret/pg", "constructor", signal())).rejects.toMatchObject({ code: "not-found" });
  });

  it("logs in by AppRole and Kubernetes, and again when its token has ended or was revoked", async () => {
    let now = Date.now();
    const approle = source(
      { kind: "approle", mount: "approle", roleId: "role", secretIdFile: file("secret-id", "secret") },
      ...([null, () => now] as const),
    );
    for (let n = 0; n < 3; n++) await approle.read("secret/pg", null, signal());
    const logins = () => vault.asked.filter(({ line }) => line.endsWith("/login")).length;
    expect(logins()).toBe(1);
    now += 2_500_000;
    await approle.read("secret/pg", null, signal());
    expect(logins()).toBe(2);
    vault.tokens.clear();
    await approle.read("secret/pg", null, signal());
    expect(logins()).toBe(3);
    const kubernetes = source({ kind: "kubernetes", mount: "k8s", role: "hoop", jwtFile: file("jwt", "jwt") });
    expect((await kubernetes.read("secret/pg", null, signal())).secret).toBe("first");
    const wrong = source({ kind: "kubernetes", mount: "k8s", role: "other", jwtFile: file("jwt", "jwt") });
    await expect(wrong.read("secret/pg", null, signal())).rejects.toMatchObject({ code: "denied" });
  });

  it("tells a refusal from an outage, waits as it is told, and repeats nobody's words", async () => {
    const read = source(token());
    vault.failing.push({ status: 429, retryAfter: "0.01" }, { status: 503 });
    expect((await read.read("secret/pg", null, signal())).secret).toBe("first");
    await expect(read.read("secret/none", null, signal())).rejects.toMatchObject({ code: "not-found" });
    vault.down = 503;
    const failure = await read.read("secret/pg", null, signal()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "unavailable" });
    expect(inspect(failure, { depth: 9 })).not.toMatch(/secret words|root/);
    vault.down = 307;
    await expect(read.read("secret/pg", null, signal())).rejects.toThrow("not followed");
  });

  it("a database user lives as long as whoever holds it: renewed, then revoked", async () => {
    vault.leaseSeconds = 2;
    const sources = createSecretSources({ sources: { vault: source(token()) }, allowed: ["*"], now: Date.now, log });
    const one = await sources.lease(connection, "vault:database/creds/app");
    const other = await sources.lease(connection, "vault:database/creds/app");
    expect(one.user).not.toBe(other.user);
    expect(vault.leases.size).toBe(2);
    await until("both are renewed", () => vault.asked.filter(({ line }) => line.endsWith("/renew")).length >= 2);
    await one.release();
    await one.release();
    expect(vault.leases.size).toBe(1);
    await sources.close();
    expect(vault.leases.size).toBe(0);
  });
});

describe("AWS Secrets Manager", () => {
  let aws: FakePlace;
  beforeEach(async () => {
    aws = await startFakeAws(
      new Map([
        ["prod/pg", '{"username":"app","password":"hers"}'],
        ["plain", "text"],
      ]),
    );
    return () => aws.close();
  });
  const source = (more: Partial<Parameters<typeof createAwsSource>[0]> = {}): SecretSource =>
    createAwsSource({
      ...{
        region: "eu-central-1",
        webIdentity: null,
        instanceRole: false,
        stsEndpoint: new URL(aws.url),
        now: Date.now,
      },
      ...{ endpoint: new URL(aws.url), metadataEndpoint: new URL(aws.url) },
      keys: { accessKeyId: "AKIAKEY", secretAccessKey: "key" },
      ...more,
    });

  it("reads a signed question's answer, whole or by its key", async () => {
    expect(await source().read("prod/pg", "password", signal())).toEqual({ user: "app", secret: "hers" });
    expect(await source().read("plain", null, signal())).toEqual({ user: null, secret: "text" });
    expect(aws.asked[0]?.body).toBe('{"SecretId":"prod/pg"}');
    expect(JSON.stringify(aws.asked[0]?.headers)).not.toContain('"key"');
  });

  it("tells refusals from outages", async () => {
    await expect(source().read("none", null, signal())).rejects.toMatchObject({ code: "not-found" });
    await expect(source().read("forbidden", null, signal())).rejects.toMatchObject({ code: "denied" });
    aws.down = 503;
    await expect(source().read("plain", null, signal())).rejects.toMatchObject({ code: "unavailable" });
  });

  it("takes its own credentials from a web identity, and from nowhere else unasked", async () => {
    const webIdentity = { roleArn: "arn:aws:iam::1:role/hoop", tokenFile: file("web", "jwt") };
    expect((await source({ keys: null, webIdentity }).read("plain", null, signal())).secret).toBe("text");
    const onMachine = source({ keys: null, instanceRole: true });
    expect((await onMachine.read("plain", null, signal())).secret).toBe("text");
    aws.asked.length = 0;
    await expect(source({ keys: null }).read("plain", null, signal())).rejects.toMatchObject({
      code: "precondition-failed",
    });
    expect(aws.asked.some(({ line }) => line.includes("/latest/"))).toBe(false);
  });
});

describe("what a reference may be", () => {
  it("names nothing above its place, and nothing that its connection may not", () => {
    for (const text of [
      "vault:kv/../sys/x",
      "vault:",
      "http://x/y",
      "vault:kv/a?list=true",
      "vault:kv/%2e%2e/x",
      "db:x",
    ])
      expect(() => readReference(text), text).toThrow();
    expect(readReference("vault:kv/data/pg#pass#word")).toEqual({
      kind: "vault",
      path: "kv/data/pg",
      key: "pass#word",
    });
    const may = (pattern: string, text: string, one: Pick<Connection, "name" | "labels"> = connection) =>
      mayRefer([pattern], text, one);
    expect(may("vault:kv/data/{label.team}/*", "vault:kv/data/payments/pg#password")).toBe(true);
    expect(may("vault:kv/data/{label.team}/*", "vault:kv/data/other/pg")).toBe(false);
    expect(may("vault:kv/data/{label.none}/*", "vault:kv/data//pg")).toBe(false);
    expect(may("vault:kv/data/{label.team}/*", "vault:kv/data/a/b/pg", { name: "x", labels: { team: "a/b" } })).toBe(
      false,
    );
    expect(may("env:{connection}", "env:pg-prod")).toBe(true);
    expect(may("a.c", "abc")).toBe(false);
    expect(mayRefer([], "vault:x", connection)).toBe(false);
  });

  it("reads variables and files that are meant for it only", async () => {
    const environment = createEnvironmentSource(
      (name) => ({ HOOP_CREDENTIAL_PG: "value", HOOP_MASTER_KEY: "key" })[name],
    );
    expect((await environment.read("HOOP_CREDENTIAL_PG", null, signal())).secret).toBe("value");
    await expect(environment.read("HOOP_MASTER_KEY", null, signal())).rejects.toMatchObject({ code: "denied" });
    mkdirSync(join(folder, "mounted"));
    file("mounted/pg", "from a file\n");
    const outside = file("outside", "not yours");
    symlinkSync(outside, join(folder, "mounted", "link"));
    const files = createFileSource(join(folder, "mounted"));
    expect((await files.read("pg", null, signal())).secret).toBe("from a file");
    await expect(files.read("link", null, signal())).rejects.toMatchObject({ code: "denied" });
    await expect(files.read("../outside", null, signal())).rejects.toMatchObject({ code: "denied" });
  });

  it("is not looked for at a metadata service", async () => {
    for (const url of ["http://169.254.169.254/latest/", "http://[fd00:ec2::254]/", "http://[::ffff:169.254.169.254]/"])
      await expect(ask(new URL(url), { method: "GET", signal: signal() }), url).rejects.toMatchObject({
        code: "denied",
      });
  });
});

describe("what is kept", () => {
  it("serves through an outage, is read anew behind whoever asks, and goes at its place's last word", async () => {
    let now = 0;
    let answer: () => string = () => "one";
    let reads = 0;
    const vault: SecretSource = {
      read: async () => {
        reads++;
        return { user: null, secret: answer() };
      },
    };
    const limits = { freshMs: 100, staleMs: 1_000, most: 2, readMs: 1_000 };
    const sources = createSecretSources({ sources: { vault }, allowed: ["vault:*"], now: () => now, log, limits });
    const secret = async () => (await sources.lease(connection, "vault:a")).secret;
    expect([await secret(), await secret(), reads]).toEqual(["one", "one", 1]);
    answer = () => "two";
    now = 150;
    expect(await secret()).toBe("one");
    await new Promise((resolve) => setImmediate(resolve));
    expect(await secret()).toBe("two");
    const { HoopError } = await import("../../src/vocabulary/index.js");
    answer = () => {
      throw new HoopError("unavailable", "away");
    };
    now = 900;
    expect(await secret()).toBe("two");
    now = 2_000;
    await expect(secret()).rejects.toMatchObject({ code: "unavailable" });
    answer = () => "three";
    expect(await secret()).toBe("three");
    answer = () => {
      throw new HoopError("denied", "no");
    };
    now = 2_200;
    await secret();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(secret()).rejects.toMatchObject({ code: "denied" });
    await expect(sources.lease(connection, "aws:x")).rejects.toMatchObject({ code: "denied" });
  });
});
