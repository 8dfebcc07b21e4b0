import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { listenPostgres, type NativeListener } from "./listener.js";

const opened: Socket[] = [];
let listener: NativeListener | undefined;
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await listener?.close();
});

async function client(): Promise<Socket> {
  const socket = connect(listener!.port, "127.0.0.1");
  opened.push(socket);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

const asksForTls = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

test("clients that say nothing make room for one that does", async () => {
  listener = await listenPostgres({
    listen: { host: "127.0.0.1", port: 0 },
    tls: null,
    allowsPlaintext: true,
    find: () => Promise.reject(new Error("nobody logs in here")),
    enter: () => {},
    failed: () => {},
    succeeded: () => {},
    admit: () => {},
    cancel: () => {},
    loginMs: 60_000,
    mostEntering: 3,
    log: { debug: () => {}, warn: () => {} },
  });
  const silent: Socket[] = [];
  for (let n = 0; n < 3; n++) {
    const socket = await client();
    // Answered: the listener knows it.
    socket.write(asksForTls);
    await once(socket, "data");
    silent.push(socket);
  }
  const gone = once(silent[0]!, "close");
  const late = await client();
  late.write(asksForTls);
  expect(String((await once(late, "data"))[0])).toBe("N");
  await gone;
  expect(silent.slice(1).map(({ destroyed }) => destroyed)).toEqual([false, false]);
});
