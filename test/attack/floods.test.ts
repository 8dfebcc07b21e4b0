import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runChild } from "../../src/demo/child.js";
import { clientPreface, errorCode, frameFlag, frameType } from "../../src/transport/http2/constants.js";
import { HpackEncoder } from "../../src/transport/http2/hpack/hpack-encoder.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { rawFrame } from "../transport/raw-frames.js";

/** A whole Hoop, somebody who floods it, and somebody else who works meanwhile. */

let target: PostgresServer;
let hoop: RunningHoop;
beforeAll(async () => {
  target = await startPostgres();
  hoop = await startHoop({ target, gateway: { HOOP_TLS: "off" } });
});
afterAll(async () => {
  await hoop?.stop();
  await target?.stop();
});

const psql = (sql: string) => runChild("psql", ["-XAtc", sql], { env: hoop.clientEnv(), timeoutMs: 60_000 });

/** HTTP/2 by hand, for as long as the gateway lets it. */
function peer(): { send(...frames: Buffer[]): Promise<void>; closed: Promise<void>; end(): void } {
  const [host = "", port = ""] = hoop.grpc.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => {});
  socket.resume();
  socket.write(Buffer.concat([clientPreface, rawFrame(frameType.settings, 0, 0)]));
  return {
    send: (...frames) =>
      new Promise((resolve) => {
        if (socket.destroyed) resolve();
        else socket.write(Buffer.concat(frames), () => resolve());
      }),
    closed: new Promise((resolve) => socket.once("close", () => resolve())),
    end: () => socket.destroy(),
  };
}

function lane(encoder: HpackEncoder, id: number, token: string): Buffer {
  const block = encoder.encode([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", "/hoop.v1.ClientService/Lane"],
    [":authority", "hoop"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ["authorization", `Bearer ${token}`],
    ["hoop-connection", "pg"],
  ]);
  return rawFrame(frameType.headers, frameFlag.endHeaders, id, block);
}

const cancel = Buffer.alloc(4);
cancel.writeUInt32BE(errorCode.cancel);
const nothing = Buffer.alloc(4);

it.each([
  ["resets", (id: number) => rawFrame(frameType.rstStream, 0, id, cancel)],
  ["makes the gateway reset", (id: number) => rawFrame(frameType.windowUpdate, 0, id, nothing)],
])("a user who opens lanes and %s them at once costs a few sessions, not thousands of them", async (_how, reset) => {
  const { logins } = JSON.parse(readFileSync(join(hoop.folder, "engineer", "logins.json"), "utf8")) as {
    logins: { accessToken: string }[];
  };
  const before = (await hoop.verifyAudit()).split("session-opened").length;
  for (let connections = 0; connections < 3; connections++) {
    const flood = peer();
    const encoder = new HpackEncoder();
    for (let id = 1; id < 3_600; id += 2) await flood.send(lane(encoder, id, logins[0]!.accessToken), reset(id));
    flood.end();
  }
  // Who works meanwhile does so.
  expect((await psql("select 6 * 7")).stdout.trim()).toBe("42");
  const opened = (await hoop.verifyAudit()).split("session-opened").length - before;
  expect(opened).toBeGreaterThan(0);
  // 5,400 were asked for. Those that were given up before their turn left nothing behind.
  expect(opened).toBeLessThan(1_000);
});

it("connections that take every file the gateway may open do not end its journal", async () => {
  const { pid } = hoop.gateway;
  const { port } = new URL(hoop.http);
  const open = () => readdirSync(`/proc/${pid}/fd`).length;
  const limit = open() + 40;
  execFileSync("prlimit", ["--pid", String(pid), `--nofile=${limit}:${limit}`]);
  const sockets = Array.from({ length: 300 }, () => connect(Number(port), "127.0.0.1").on("error", () => {}));
  await expect.poll(open).toBeGreaterThan(limit - 5);
  // Each second the gateway looks whether the journal is its own still.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  for (const socket of sockets) socket.destroy();
  await expect.poll(open).toBeLessThan(limit - 20);
  expect((await psql("select 6 * 7")).stdout.trim()).toBe("42");
});
