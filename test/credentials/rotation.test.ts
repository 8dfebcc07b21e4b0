import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { postgres } from "../../src/protocols/postgres/index.js";
import {
  createMemorySecretStore,
  createSecretVault,
  credentialRef,
  MasterKey,
  type SecretVault,
} from "../../src/secrets/index.js";
import { pendingRef, type RotatePorts, recover, rotate } from "../../src/secrets/rotation/rotate.js";
import { connectTcp } from "../../src/transport/index.js";
import { type Connection, connectionId, HoopError } from "../../src/vocabulary/index.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

for (const version of [15, 18] as const) {
  describe(`a new password for the stored login, at PostgreSQL ${version}`, () => {
    let server: PostgresServer;
    let vault: SecretVault;
    let ports: RotatePorts;
    const connection = {
      ...{ id: connectionId("3b0f2f7e-8c1b-4f4b-9a6c-1f6f54c0a002"), name: "pg", protocol: "postgres", agent: null },
      ...{ labels: {}, tls: { mode: "disable" }, version: 1, target: { user: "app", database: "app" } },
    } as unknown as Connection;
    beforeAll(async () => {
      server = await startPostgres({ version, sql: "create role app login" });
    });
    afterAll(() => server.stop());
    beforeEach(async () => {
      await server.query("alter role app password 'old'");
      const master = { current: new MasterKey(randomBytes(32)), previous: null, file: null };
      vault = await createSecretVault({ store: createMemorySecretStore(), master });
      await vault.put(credentialRef(connection.id), "old");
      ports = {
        ...{ vault, random: randomBytes },
        open: (at, user, secret) =>
          postgres.administer!(
            () =>
              connectTcp({
                host: server.host,
                port: server.port,
                signal: AbortSignal.timeout(30_000),
                timeoutMs: 30_000,
              }),
            at,
            { user, secret },
          ),
        commit: (at, secret) => vault.put(credentialRef(at.id), secret),
      };
    });
    const stored = async () => (await vault.get(credentialRef(connection.id)))!.reveal();
    const pending = async () => (await vault.get(pendingRef(connection.id)))?.reveal() ?? null;
    const letsIn = async (password: string): Promise<boolean> => {
      const client = new pg.Client({ host: server.host, port: server.port, user: "app", password, database: "app" });
      return client.connect().then(
        () => client.end().then(() => true),
        () => false,
      );
    };

    it("is in force at both places, and the old one nowhere", async () => {
      expect(await rotate(ports, connection)).toEqual({ user: "app" });
      expect(await stored()).not.toBe("old");
      expect([await letsIn(await stored()), await letsIn("old"), await pending()]).toEqual([true, false, null]);
    });

    it("leaves the old one in force when the new one does not let in", async () => {
      let opened = 0;
      const open: RotatePorts["open"] = async (at, user, secret) => {
        // The second login is the one that tries the new password.
        if (++opened === 2) throw new HoopError("precondition-failed", "the target refused the login");
        return ports.open(at, user, secret);
      };
      await expect(rotate({ ...ports, open }, connection)).rejects.toThrow("the old password is in force");
      expect([await stored(), await letsIn("old"), await pending()]).toEqual(["old", true, null]);
    });

    it("changes nothing where the login cannot be had", async () => {
      await server.query("alter role app password 'by hand'");
      await expect(rotate(ports, connection)).rejects.toBeInstanceOf(HoopError);
      expect([await stored(), await pending(), await letsIn("by hand")]).toEqual(["old", null, true]);
    });

    for (const [when, crash] of [
      ["before the target heard of it", { changed: false }],
      ["after the target has changed it", { changed: true }],
    ] as const) {
      it(`is settled after a crash ${when}`, async () => {
        await vault.put(pendingRef(connection.id), "fresh");
        if (crash.changed) await server.query("alter role app password 'fresh'");
        expect(await recover(ports, connection)).toBe(true);
        expect(await stored()).toBe(crash.changed ? "fresh" : "old");
        expect([await letsIn(await stored()), await pending()]).toEqual([true, null]);
      });
    }

    it("keeps both while nobody can tell", async () => {
      await vault.put(pendingRef(connection.id), "fresh");
      const open: RotatePorts["open"] = () => Promise.reject(new HoopError("unavailable", "away"));
      expect(await recover({ ...ports, open }, connection)).toBe(false);
      expect([await stored(), await pending()]).toEqual(["old", "fresh"]);
    });
  });
}
