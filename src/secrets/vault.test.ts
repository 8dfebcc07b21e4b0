import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { type Connection, connectionId, type Subject } from "../vocabulary/index.js";
import {
  createCredentialProvider,
  createMemorySecretStore,
  createSecretVault,
  credentialRef,
  lastingPurposes,
  loadMasterKey,
  MasterKey,
  ringPurposes,
  type SecretStore,
} from "./index.js";

const folder = mkdtempSync(join(tmpdir(), "hoop-secrets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const master = (bytes = randomBytes(32)) => ({ current: new MasterKey(bytes), previous: null, file: null });
const ref = (id: string) => ({ kind: "connection-credential", id });

describe("the vault", () => {
  it("gives back what was put, and keeps nothing readable", async () => {
    const store = createMemorySecretStore();
    const vault = await createSecretVault({ store, master: master() });
    await vault.put(ref("a"), "hunter2-hunter2");
    expect((await vault.get(ref("a")))!.reveal()).toBe("hunter2-hunter2");
    expect(Buffer.from((await store.get(ref("a")))!.sealed).includes("hunter2")).toBe(false);
    expect(await vault.get(ref("b"))).toBeNull();
    expect(await vault.putIfAbsent(ref("a"), "other")).toBe(false);
    expect(await vault.list("connection-credential")).toEqual([ref("a")]);
    expect(await vault.delete(ref("a"))).toBe(true);
    expect(await vault.get(ref("a"))).toBeNull();
  });

  it("never shows a secret or a key by accident", async () => {
    const keys = master(Buffer.alloc(32, 0x41));
    const vault = await createSecretVault({ store: createMemorySecretStore(), master: keys });
    await vault.put(ref("a"), "hunter2-hunter2");
    const secret = (await vault.get(ref("a")))!;
    for (const shown of [
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: 9, showHidden: true }),
      `${secret}`,
    ])
      expect(shown).not.toContain("hunter2");
    for (const shown of [JSON.stringify(keys), inspect(keys, { depth: 9, showHidden: true })]) {
      expect(shown).not.toContain("4141");
      expect(shown).not.toContain("41 41");
      expect(shown).not.toContain("AAAA");
    }
  });

  it("refuses a value that was moved to another record, altered, or relabelled", async () => {
    const store = createMemorySecretStore();
    const vault = await createSecretVault({ store, master: master() });
    await vault.put(ref("a"), "of a");
    await vault.put(ref("b"), "of b");
    const a = (await store.get(ref("a")))!;
    await store.put(ref("b"), a.keyId, a.sealed);
    await expect(vault.get(ref("b"))).rejects.toMatchObject({ code: "precondition-failed" });
    for (let at = 0; at < a.sealed.length; at++) {
      const altered = Buffer.from(a.sealed);
      altered[at] = altered[at]! ^ 1;
      await store.put(ref("a"), a.keyId, altered);
      await expect(vault.get(ref("a")), `byte ${at}`).rejects.toMatchObject({ code: "precondition-failed" });
    }
    await store.put(ref("a"), a.keyId, a.sealed.subarray(0, 20));
    await expect(vault.get(ref("a"))).rejects.toMatchObject({ code: "precondition-failed" });
  });

  it("rotates its data key: everything is sealed anew, the old key goes, and replicas follow", async () => {
    const store = createMemorySecretStore();
    const keys = master();
    const [one, two] = [
      await createSecretVault({ store, master: keys }),
      await createSecretVault({ store, master: keys }),
    ];
    for (let n = 0; n < 450; n++) await one.put(ref(String(n)), `secret ${n}`);
    const before = (await store.get(ref("0")))!.keyId;
    const ring = await two.keyRing("recording");
    const recordingKey = ring.current().id;
    expect(await one.rotate()).toMatchObject({ resealed: 450 });
    expect((await store.dataKeys()).some((key) => key.id === before)).toBe(false);
    // Two does not know yet: it still reads, and its write under the key that is gone is done again.
    expect((await two.get(ref("7")))!.reveal()).toBe("secret 7");
    await two.put(ref("new"), "fresh");
    expect((await one.get(ref("new")))!.reveal()).toBe("fresh");
    await two.refresh();
    expect(ring.current().id).not.toBe(recordingKey);
    expect((await ring.byId(recordingKey)).type).toBe("secret");
  });

  it("gives every ring a new key, and no lasting one; what domains sealed themselves is sealed anew after that", async () => {
    const store = createMemorySecretStore();
    const vault = await createSecretVault({ store, master: master() });
    const rings = await Promise.all(
      ringPurposes.map(async (purpose) => ({ purpose, ring: await vault.keyRing(purpose) })),
    );
    for (const purpose of lastingPurposes) await vault.purposeKey(purpose);
    const before = new Map(rings.map(({ purpose, ring }) => [purpose, ring.current()]));
    const seen: string[] = [];
    for (const { purpose, ring } of rings)
      vault.reseals(purpose, async () => {
        seen.push(ring.current().id);
        return 2;
      });
    expect((await vault.rotate()).resealed).toBe(2 * ringPurposes.length);
    for (const { purpose, ring } of rings) {
      expect([purpose, ring.current().generation]).toEqual([purpose, 2]);
      expect(seen).toContain(ring.current().id);
      expect((await ring.byId(before.get(purpose)!.id)).equals(before.get(purpose)!.key)).toBe(true);
    }
    const generations = new Map<string, number>();
    for (const { purpose, generation } of await store.dataKeys())
      generations.set(purpose, Math.max(generation, generations.get(purpose) ?? 0));
    expect(Object.fromEntries(generations)).toEqual({
      ...Object.fromEntries(["secrets", ...ringPurposes].map((purpose) => [purpose, 2])),
      ...Object.fromEntries(lastingPurposes.map((purpose) => [purpose, 1])),
    });
  });

  it("finishes a rotation that was interrupted", async () => {
    const store = createMemorySecretStore();
    const keys = master();
    let left = 3;
    const failing: SecretStore = {
      ...store,
      async reseal(...args) {
        if (left-- === 0) throw new Error("the store is away");
        return store.reseal(...args);
      },
    };
    const vault = await createSecretVault({ store: failing, master: keys });
    for (let n = 0; n < 10; n++) await vault.put(ref(String(n)), `secret ${n}`);
    await expect(vault.rotate()).rejects.toThrow("away");
    for (let n = 0; n < 10; n++) expect((await vault.get(ref(String(n))))!.reveal()).toBe(`secret ${n}`);
    await vault.rotate();
    const sealing = new Set(
      await Promise.all(Array.from({ length: 10 }, async (_, n) => (await store.get(ref(String(n))))!.keyId)),
    );
    expect(sealing.size).toBe(1);
    for (let n = 0; n < 10; n++) expect((await vault.get(ref(String(n))))!.reveal()).toBe(`secret ${n}`);
  });

  it("rotates the master key, and refuses a wrong one", async () => {
    const store = createMemorySecretStore();
    const [old, fresh] = [randomBytes(32), randomBytes(32)];
    await (await createSecretVault({ store, master: master(old) })).put(ref("a"), "kept");
    await expect(createSecretVault({ store, master: master(fresh) })).rejects.toMatchObject({
      code: "precondition-failed",
      message: expect.stringContaining("master key"),
    });
    const both = { current: new MasterKey(fresh), previous: new MasterKey(old), file: null };
    expect((await (await createSecretVault({ store, master: both })).get(ref("a")))!.reveal()).toBe("kept");
    expect((await (await createSecretVault({ store, master: master(fresh) })).get(ref("a")))!.reveal()).toBe("kept");
    await expect(createSecretVault({ store, master: master(old) })).rejects.toMatchObject({
      code: "precondition-failed",
    });
  });

  it("has a key apart for each purpose, the same on every replica and after a rotation", async () => {
    const store = createMemorySecretStore();
    const keys = master();
    const [one, two] = await Promise.all([
      createSecretVault({ store, master: keys }),
      createSecretVault({ store, master: keys }),
    ]);
    const [a, b] = await Promise.all([one.purposeKey("budgets"), two.purposeKey("budgets")]);
    expect(a.equals(b)).toBe(true);
    expect((await one.purposeKey("masking")).equals(a)).toBe(false);
    await one.rotate();
    const third = await createSecretVault({ store, master: keys });
    expect((await third.purposeKey("budgets")).equals(a)).toBe(true);
    const [first, second] = await Promise.all([one.signingKey("audit"), two.signingKey("audit")]);
    expect(first.publicKey).toBe(second.publicKey);
    expect(Buffer.from(first.sign(Buffer.from("x")))).toEqual(Buffer.from(second.sign(Buffer.from("x"))));
  });
});

describe("the master key", () => {
  it("is made once, for its owner only, and read again", () => {
    const stateFolder = join(folder, "state");
    const made = loadMasterKey({ stateFolder });
    expect(statSync(made.file!).mode & 0o777).toBe(0o600);
    expect(Buffer.from(readFileSync(made.file!, "utf8"), "base64")).toHaveLength(32);
    expect(loadMasterKey({ stateFolder }).current.id).toBe(made.current.id);
    chmodSync(made.file!, 0o644);
    expect(() => loadMasterKey({ stateFolder })).toThrow("can be read by others");
  });

  it("is refused when it is not 32 bytes of base64", () => {
    const good = randomBytes(32).toString("base64");
    expect(loadMasterKey({ key: ` ${good}\n`, stateFolder: folder }).current.id).toMatch(/^[0-9a-f]{16}$/);
    for (const bad of ["", "short", `${good}AA`, good.replace(/^./, "*"), randomBytes(31).toString("base64")]) {
      expect(() => loadMasterKey({ key: bad, stateFolder: folder }), bad).toThrow(/32 bytes/);
      expect(() => loadMasterKey({ key: bad, stateFolder: folder }), bad).not.toThrow(bad === "" ? "\u0000" : bad);
    }
    expect(() => loadMasterKey({ key: good, keyFile: "x", stateFolder: folder })).toThrow("both");
    expect(() => loadMasterKey({ keyFile: join(folder, "none"), stateFolder: folder })).toThrow("cannot be read");
  });
});

describe("the credential provider", () => {
  const connection: Connection = {
    id: connectionId("00000000-0000-4000-8000-000000000001"),
    name: "pg-demo",
    protocol: "postgres",
    host: "db",
    port: 5432,
    agent: null,
    labels: {},
    tls: { mode: "disable" },
    target: { user: "app" },
    exposesCredentialToAgent: false,
    version: 1,
  };
  const subject = {} as Subject;

  it("leases the stored secret with the connection's own user", async () => {
    const vault = await createSecretVault({ store: createMemorySecretStore(), master: master() });
    const provider = createCredentialProvider(vault);
    expect(await provider.lease(connection, subject, AbortSignal.timeout(1000))).toMatchObject({
      user: "app",
      secret: null,
      expires: null,
    });
    await vault.put(credentialRef(connection.id), "pw");
    expect((await provider.lease(connection, subject, AbortSignal.timeout(1000))).secret).toBe("pw");
    await expect(
      provider.lease({ ...connection, target: {} }, subject, AbortSignal.timeout(1000)),
    ).rejects.toMatchObject({ code: "not-found" });
  });

  it("waits no longer than it may, and keeps the store's words in", async () => {
    const silent = createCredentialProvider({ get: () => new Promise(() => {}) });
    await expect(silent.lease(connection, subject, AbortSignal.timeout(20))).rejects.toMatchObject({
      code: "unavailable",
    });
    const failing = createCredentialProvider({
      get: () => Promise.reject(new Error("password authentication failed for postgres://u:p@db")),
    });
    await expect(failing.lease(connection, subject, AbortSignal.timeout(1000))).rejects.toMatchObject({
      code: "unavailable",
      message: "the credential of pg-demo cannot be read now",
    });
  });
});
