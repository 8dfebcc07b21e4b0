import { afterEach, describe, expect, it } from "vitest";
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeParse,
  encodeQuery,
  encodeSync,
} from "../../src/protocols/postgres/codec/frontend.js";
import { encodeStartup } from "../../src/protocols/postgres/codec/startup.js";
import type { MaskPlan } from "../../src/vocabulary/index.js";
import {
  authenticated,
  columns,
  complete,
  type HostileTarget,
  int16,
  key,
  message,
  type Peer,
  ready,
  row,
  startHostileTarget,
} from "../support/hostile-postgres.js";
import { servePostgresThrough, type Through, testFacts } from "../support/postgres-through.js";
import { field, RawPostgres } from "../support/raw-postgres.js";

const hidden: MaskPlan = {
  columns: new Map(),
  proven: new Set(),
  others: { method: "redact" },
  text: { method: "redact" },
  copy: null,
};
const secret = "jane@example.com";

describe("a target that means harm", () => {
  let target: HostileTarget | undefined;
  let through: Through | undefined;
  let client: RawPostgres | undefined;
  const start = async (script: (peer: Peer) => Promise<void>): Promise<void> => {
    target = await startHostileTarget(script);
    through = await servePostgresThrough({
      server: target,
      judge: (ask) => ({ allow: true, masks: /email/.test(ask.text) ? hidden : null, analysis: testFacts(ask.text) }),
    });
  };
  afterEach(async () => {
    client?.close();
    await through?.stop();
    await target?.stop();
  });
  const login = Buffer.concat([authenticated, message("S", "client_encoding", "UTF8"), key, ready]);
  const everything = async (): Promise<string> => {
    const messages = await client!.until("none", 5_000);
    expect(client!.closed).toBe(true);
    return Buffer.concat(messages.map(({ body }) => body)).toString("latin1");
  };

  const extended = [encodeParse("", "select email from people"), encodeBind("", ""), encodeExecute(""), encodeSync()];
  const query = [encodeQuery("select email from people")];
  const [one, two] = [message("1"), message("2")];
  const copyRow = message("d", Buffer.from(`${secret}\n`));
  const copyOut = message("H", Buffer.from([0]), int16(1), int16(0));
  const copyBoth = message("W", Buffer.from([0]), int16(0));

  // Each is one way to have a row answer what no row can answer, so that no mask is there for it.
  const rows = [
    ["a row before the columns", query, [row(secret)]],
    ["a row for a Parse", extended, [row(secret)]],
    ["a row for a Bind", extended, [one, row(secret)]],
    ["a row for a Sync", extended, [one, two, columns("email"), complete, row(secret)]],
    [
      "a row for a Describe",
      [encodeParse("", "select email"), encodeDescribe("statement", ""), encodeSync()],
      [one, message("t", int16(0)), row(secret)],
    ],
    [
      "a row for a Close",
      [encodeParse("", "select email"), encodeClose("statement", ""), encodeSync()],
      [one, row(secret)],
    ],
    ["a row behind the turn", query, [columns("email"), complete, ready, row(secret)]],
    ["a row behind the last statement", query, [columns("email"), complete, row(secret)]],
    ["columns for a Parse, and a row", extended, [columns("email"), row(secret)]],
    ["columns for a Sync, and a row", extended, [one, two, columns("email"), complete, columns("x"), row(secret)]],
    ["data of a COPY that was not announced", query, [copyRow]],
    ["data of a COPY that is over", [encodeQuery("copy people (email) to stdout")], [copyOut, message("c"), copyRow]],
    ["data of a COPY that was announced to a Parse", extended, [copyOut, copyRow]],
    ["data of a COPY that was announced to a Sync", extended, [one, two, columns("email"), complete, copyOut, copyRow]],
    ["the end of a COPY that was not announced", query, [message("c"), row(secret)]],
    ["data of a stream that nobody opened", [encodeQuery("copy people (email) from stdin")], [copyBoth, copyRow]],
    ["the result of a function for a query", query, [message("V", secret.length, Buffer.from(secret))]],
    [
      "the result of a function for nothing",
      query,
      [columns("email"), complete, ready, message("V", 16, Buffer.from(secret))],
    ],
    ["parameters for a query", query, [message("t", int16(4), Buffer.from(secret))]],
    [
      "parameters of more than there can be",
      [encodeParse("", "select email"), encodeDescribe("statement", ""), encodeSync()],
      [one, message("t", Buffer.alloc(300_000), Buffer.from(secret))],
    ],
    ["a message of a type that nobody knows", query, [message("y", Buffer.from(secret))]],
    ["a row of a length that lies", query, [columns("email"), message("D", int16(1), 4_000, Buffer.from(secret))]],
    [
      "a row of more cells than columns",
      query,
      [columns("a"), message("D", int16(2), 1, Buffer.from("x"), 16, Buffer.from(secret))],
    ],
    ["columns of a length that lies", query, [message("T", int16(65_535), secret), row(secret)]],
    ["two answers to one Parse", extended, [one, one, columns("email"), row(secret)]],
    ["a second ReadyForQuery", query, [columns("email"), complete, ready, ready, row(secret)]],
    [
      "an error of a million fields",
      query,
      [message("E", Buffer.from("Mx\0".repeat(1_000_000)), Buffer.from([0])), row(secret)],
    ],
    ["another login", query, [authenticated, row(secret)]],
    ["another key", query, [key, row(secret)]],
  ] as const;

  it.each(rows)("%s: nothing unmasked goes out, and the session ends in words", async (_what, asks, answers) => {
    await start(async (peer) => {
      await peer.say(login);
      await Promise.race([peer.heard("Q"), peer.heard("S"), peer.heard("H")]);
      await peer.say(...answers);
    });
    client = await RawPostgres.open(through!);
    client.send(...asks);
    // The gateway asks for nothing more once it has ended it.
    const told = await client.until("none", 5_000);
    expect(client.closed).toBe(true);
    expect(Buffer.concat(told.map(({ body }) => body)).toString("latin1")).not.toContain(secret);
    expect(field(told.slice(-1), "S")).toBe("FATAL");
    await through!.ended("malformed");
  });

  it("cells of a row whose length lies do not take those of the next", async () => {
    await start(async (peer) => {
      await peer.say(login);
      await peer.heard("Q");
      const lying = row("short");
      lying.writeInt32BE(lying.length + row(secret).length - 1, 1);
      await peer.say(columns("email"), lying, row(secret), complete, ready);
    });
    client = await RawPostgres.open(through!);
    client.send(...query);
    expect(await everything()).not.toContain(secret);
    await through!.ended("malformed");
  });
  /** What comes of a login, as the client and the gateway tell it. */
  const attempt = async (): Promise<string> => {
    client = await RawPostgres.open(through!, null);
    client.send(encodeStartup([["user", "ada"]]));
    const told = await client.until("none", 10_000);
    expect(client.closed).toBe(true);
    return field(told, "M") ?? "";
  };
  const setting = (name: string, size = 3): Buffer => message("S", name, "x".repeat(size));
  const notice = message("N", "SNOTICE", "C00000", "Mwait", Buffer.from([0]));
  const logins = [
    ["settings", authenticated, (n: number) => setting(`setting_${n}`), /more in its login|more settings/],
    ["values of settings", authenticated, () => setting("one", 60_000), /more in its login/],
    ["notices", authenticated, () => notice, /more in its login/],
    ["notices before it says who it is", Buffer.alloc(0), () => notice, /more in its login/],
    ["versions that it speaks", Buffer.alloc(0), () => message("v", 3, 0), /more in its login/],
    ["keys", authenticated, () => key, /'K'/],
  ] as const;

  it.each(logins)("a login of endless %s is ended", async (_what, first, next, reason) => {
    await start(async (peer) => {
      await peer.say(first);
      for (let n = 0; await peer.say(...Array.from({ length: 500 }, (_, at) => next(n + at))); n += 500);
    });
    expect(await attempt()).toMatch(reason);
    await through!.ended("malformed");
  });

  it.each([0, -1, 2 ** 31, 1_000_001])("SCRAM with %d iterations is not begun", async (iterations) => {
    await start(async (peer) => {
      await peer.say(message("R", 10, "SCRAM-SHA-256", Buffer.from([0])));
      let sent = "";
      peer.socket.on("data", (chunk: Buffer) => {
        sent += chunk.toString("latin1");
      });
      await peer.heard("p");
      const nonce = /r=([^,]+)$/.exec(sent)?.[1] ?? "";
      await peer.say(message("R", 11, Buffer.from(`r=${nonce}more,s=c2FsdA==,i=${iterations}`)));
    });
    expect(await attempt()).toMatch(/SCRAM|iterations/);
  });

  it.each([
    ["SASLContinue", message("R", 11, Buffer.from("r=x,s=c2FsdA==,i=4096"))],
    ["SASLFinal", message("R", 12, Buffer.from("v=c2FsdA=="))],
    ["a key of 300 bytes", Buffer.concat([authenticated, message("K", 1, Buffer.alloc(300))])],
    ["ReadyForQuery", ready],
    ["a row", row(secret)],
  ])("%s where the login does not have it ends it", async (_what, bytes) => {
    await start(async (peer) => void (await peer.say(bytes)));
    expect(await attempt()).not.toBe("");
  });

  it("settings that are reported without end are not kept", async () => {
    await start(async (peer) => {
      await peer.say(login);
      for (let n = 0; await peer.say(...Array.from({ length: 500 }, (_, at) => setting(`s${n + at}`))); n += 500);
    });
    client = await RawPostgres.open(through!);
    expect(await everything()).toMatch(/more settings than can be kept/);
    await through!.ended("malformed");
  });

  it("answers to what Hoop asks itself are kept up to a bound", async () => {
    const cell = "x".repeat(1024 * 1024);
    let answered = 0;
    await start(async (peer) => {
      await peer.say(login);
      await peer.heard("S");
      await peer.say(one, two);
      for (; answered < 150 && (await peer.say(row(cell, cell))); answered++);
      await peer.say(complete);
    });
    client = await RawPostgres.open(through!, { search_path: "x", options: "-c work_mem=4MB" });
    client.send(encodeQuery("select 1"));
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }, 20);
    for (let tries = 0; answered < 150 && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
    clearInterval(watch);
    expect(answered).toBe(150);
    // 300 MB came.
    expect(most).toBeLessThan(180 * 1024 * 1024);
  }, 30_000);

  const portals = (n: number): Buffer[] =>
    Array.from({ length: n }, (_, at) => [encodeBind(`p${at}`, "s"), encodeExecute(`p${at}`)]).flat();
  const described = async (n: number, width: number, peer: Peer, said = { columns: 0 }): Promise<void> => {
    const wide = message("T", int16(width), Buffer.alloc(19 * width));
    await peer.say(login);
    await peer.heard("P");
    await peer.say(one);
    for (let at = 1; at <= n && !peer.gone; at++) {
      // Bound portals are described by Hoop where a mask is.
      await peer.heard("D", at);
      said.columns += width;
      await peer.say(two, wide, complete);
    }
    await peer.say(ready);
  };

  it("columns of open results are kept up to a bound of the session", async () => {
    const said = { columns: 0 };
    await start((peer) => described(200, 65_535, peer, said));
    client = await RawPostgres.open(through!);
    client.send(encodeParse("s", "select email from people"), ...portals(200), encodeSync());
    expect(await everything()).toMatch(/more columns than can be kept/);
    await through!.ended("limited");
    expect(said.columns).toBeGreaterThan(200 * 100);
    // What is on its way when the session ends is not kept.
    expect(said.columns).toBeLessThan(100 * 65_535);
  }, 60_000);

  it("so many as people open are", async () => {
    await start((peer) => described(200, 100, peer));
    client = await RawPostgres.open(through!);
    client.send(encodeParse("s", "select email from people"), ...portals(200), encodeSync());
    expect((await client.until("Z")).filter(({ type }) => type === "C")).toHaveLength(200);
  }, 60_000);

  it("parameters that a statement cannot have are not kept", async () => {
    await start(async (peer) => {
      await peer.say(login);
      await peer.heard("D");
      await peer.say(one, message("t", int16(20_000), Buffer.alloc(80_000)), message("n"));
    });
    client = await RawPostgres.open(through!);
    client.send(encodeParse("s", "select $1"), encodeDescribe("statement", "s"), encodeSync());
    await everything();
    await through!.ended("malformed");
  });

  it.each(["N", "E"])("a report (%s) behind the turn stays masked in a session that has seen a mask", async (type) => {
    const late = (code: string) => message(type, "SFATAL", `C${code}`, `M${secret}`, `D${secret}`, Buffer.from([0]));
    await start(async (peer) => {
      await peer.say(login);
      await peer.heard("Q");
      await peer.say(columns("email"), complete, ready, late("57P01"));
      peer.socket.end();
    });
    client = await RawPostgres.open(through!);
    client.send(...query);
    const seen = await everything();
    expect(seen).toContain("email");
    expect(seen).toContain("57P01");
    expect(seen).not.toContain(secret);
  });

  it("a report behind the turn is told where no mask ever was", async () => {
    await start(async (peer) => {
      await peer.say(login);
      await peer.heard("Q");
      await peer.say(complete, ready, message("N", "SNOTICE", "C00000", "Mthe disk is nearly full", Buffer.from([0])));
      peer.socket.end();
    });
    client = await RawPostgres.open(through!);
    client.send(encodeQuery("select 1"));
    expect(await everything()).toContain("the disk is nearly full");
  });

  it("last words are kept as long as words are", async () => {
    await start(async (peer) => {
      await peer.say(login);
      await peer.say(message("E", "SFATAL", "C57P01", `M${"x".repeat(8_000_000)}`, Buffer.from([0])));
      peer.socket.end();
    });
    client = await RawPostgres.open(through!);
    await client.until("none", 10_000);
    await through!.ended("target-closed");
    expect(through!.ends[0]!.text.length).toBeLessThan(10_000);
  });
});
