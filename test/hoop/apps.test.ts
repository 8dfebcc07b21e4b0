import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { freePort, type PostgresServer, startPostgres } from "../support/postgres.js";

let postgres: PostgresServer;
let hoop: RunningHoop;
let site: Server;
let appsPort: number;
const seen: IncomingMessage[] = [];

beforeAll(async () => {
  postgres = await startPostgres({ version: 15, settings: {} });
  site = createServer((request, response) => {
    seen.push(request);
    if (request.url === "/go")
      return void response.writeHead(302, { location: `http://${request.headers.host}/x` }).end();
    response.setHeader("set-cookie", "sid=1; Path=/");
    response.end(`hello ${request.url}`);
  });
  new WebSocketServer({ server: site }).on("connection", (socket) => socket.send("hi"));
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  appsPort = await freePort();
  hoop = await startHoop({
    target: postgres,
    agent: false,
    gateway: { HOOP_HTTP_APPS_LISTEN: `127.0.0.1:${appsPort}` },
  });
  const { port } = site.address() as AddressInfo;
  await hoop.hoop("admin", [
    ...["connections", "add", "grafana", "--protocol", "http", "--host", "127.0.0.1", "--port", String(port)],
    ...["--target", 'auth={"kind":"jwt","audience":"grafana","header":"X-Who"}'],
  ]);
});
afterAll(async () => {
  await hoop?.stop();
  site?.closeAllConnections();
  site?.close();
  await postgres?.stop();
});

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly cookies: readonly string[];
  readonly body: string;
}

async function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const at = new URL(url);
  const sent = request({
    ...{ host: "127.0.0.1", port: at.port, path: `${at.pathname}${at.search}`, agent: false },
    headers: { host: at.host, accept: "text/html", ...headers },
  });
  sent.end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  let body = "";
  for await (const part of answer) body += part;
  const cookies = (answer.headers["set-cookie"] ?? []).map((line) => line.split(";", 1)[0]!);
  return { status: answer.statusCode!, location: answer.headers.location ?? "", cookies, body };
}

test("a browser without a tunnel gets in by the console's session, into one origin only, and out with it", async () => {
  const app = `http://grafana.apps.localhost:${appsPort}`;
  const away = await get(`${app}/dash?x=1`);
  expect(away).toMatchObject({ status: 302, location: expect.stringContaining(`${hoop.http}/apps/grafana?`) });
  expect((await get(away.location)).status).toBe(401);

  const signedIn = await fetch(`${hoop.http}/api/v1/login`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: hoop.http },
    body: JSON.stringify({ name: "ada", password: hoop.password, as: "browser" }),
  });
  const console_ = (signedIn.headers.getSetCookie()[0] ?? "").split(";", 1)[0]!;
  const { csrfToken } = (await signedIn.json()) as { csrfToken: string };
  expect(console_).toMatch(/^hoop=/);
  const back = await get(away.location, { cookie: console_ });
  expect(back.location).toMatch(new RegExp(`^${app.replaceAll(".", "\\.")}/\\.hoop/enter\\?code=`));
  // The code is of no use to another browser, and to nobody twice.
  expect((await get(back.location)).status).toBe(403);
  expect((await get(back.location, { cookie: away.cookies.join("; ") })).status).toBe(403);

  const again = await get((await get(away.location, { cookie: console_ })).location, {
    cookie: away.cookies.join("; "),
  });
  expect(again).toMatchObject({ status: 302, location: "/dash?x=1" });
  const cookie = again.cookies.find((one) => one.startsWith("hoop-app="))!;
  const page = await get(`${app}/dash?x=1`, { cookie: `${cookie}; mine=1` });
  expect(page).toMatchObject({ status: 200, body: "hello /dash?x=1", cookies: ["sid=1"] });
  expect(seen.at(-1)!.headers.cookie).toBe("mine=1");
  const claims = JSON.parse(Buffer.from(String(seen.at(-1)!.headers["x-who"]).split(".")[1]!, "base64url").toString());
  expect(claims).toMatchObject({ sub: "ada", aud: "grafana" });
  const { keys } = (await (await fetch(`${hoop.http}/.well-known/jwks.json`)).json()) as { keys: object[] };
  expect(keys).toHaveLength(1);
  expect((await get(`${app}/go`, { cookie })).location).toBe(`${app}/x`);
  // Another connection's origin knows nothing of it, and the console's cookie is worth nothing here.
  expect((await get(`http://pg.apps.localhost:${appsPort}/`, { cookie })).status).toBe(421);
  expect((await get(`${app}/`, { cookie: console_ })).status).toBe(302);

  const socket = (origin: string) =>
    new WebSocket(`ws://127.0.0.1:${appsPort}/ws`, {
      headers: { host: `grafana.apps.localhost:${appsPort}`, cookie, origin },
    });
  const [message] = (await once(socket(app), "message")) as [Buffer];
  expect(String(message)).toBe("hi");
  const [error] = (await once(socket("https://evil.example"), "error")) as [Error];
  expect(error.message).toContain("403");

  const out = await fetch(`${hoop.http}/api/v1/logout`, {
    method: "POST",
    headers: { cookie: console_, origin: hoop.http, "x-csrf-token": csrfToken },
  });
  expect(out.ok).toBe(true);
  await expect.poll(async () => (await get(`${app}/`, { cookie })).status).toBe(302);
});
