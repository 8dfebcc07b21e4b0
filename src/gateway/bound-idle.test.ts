import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { boundIdle } from "./bound-idle.js";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function listener(answer: RequestListener, idle = 20) {
  const server = createServer({ keepAliveTimeout: 60_000 }, answer);
  boundIdle(server, { most: 60, idle });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(() => server.closeAllConnections());
  stops.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const open = async (text: string): Promise<{ socket: Socket; said: () => string }> => {
    const socket = connect(port, "127.0.0.1");
    let said = "";
    socket.on("data", (chunk) => {
      said += chunk.toString();
    });
    socket.on("error", () => {});
    stops.push(() => socket.destroy());
    await Promise.race([once(socket, "connect"), once(socket, "close")]);
    socket.write(text);
    return { socket, said: () => said };
  };
  return { open, url: `http://127.0.0.1:${port}/` };
}

const hello: RequestListener = (request, response) => {
  request.resume().on("end", () => response.end("hello"));
};

it.each([
  ["say nothing", ""],
  ["send half a header", "GET / HTTP/1.1\r\nHost: x\r\nX: "],
  ["send half a body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"],
  ["are answered and kept", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
])("connections that %s leave a place for who comes", async (_what, text) => {
  const { open, url } = await listener(hello);
  for (let i = 0; i < 200; i++) await open(text);
  expect(await (await fetch(url)).text()).toBe("hello");
});

it("what is being answered is not closed for others", async () => {
  const answers: (() => void)[] = [];
  const { open } = await listener((_request, response) => {
    response.write("first");
    answers.push(() => response.end("last"));
  });
  const { socket, said } = await open("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await expect.poll(said).toContain("first");
  for (let i = 0; i < 100; i++) await open("");
  answers[0]?.();
  await expect.poll(said).toContain("last");
  // Now it is one of those that nobody uses, and the oldest.
  for (let i = 0; i < 100; i++) await open("");
  await expect.poll(() => socket.closed).toBe(true);
});
