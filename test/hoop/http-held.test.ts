import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { reviewer } from "../support/reviewer.js";

const policy = `${allowAll}---
apiVersion: hoop/v1
kind: guard
metadata: { name: big-refunds }
spec:
  where: { protocol: http }
  on: statements
  when: { attributes: { method: POST, body: "refund.big=true" } }
  action: hold
  hold: { approvals: { count: 1, groups: [admins] }, expires: 5m }
`;

let postgres: PostgresServer;
let hoop: RunningHoop;
let site: Server;
const got: string[] = [];

beforeAll(async () => {
  postgres = await startPostgres({ version: 15, settings: {} });
  site = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    got.push(body);
    response.end("refunded");
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  const { port } = site.address() as AddressInfo;
  hoop = await startHoop({ target: postgres, policy, agent: false });
  await hoop.hoop("admin", [
    ...["connections", "add", "shop", "--protocol", "http", "--host", "127.0.0.1", "--port", String(port)],
  ]);
});
afterAll(async () => {
  await hoop?.stop();
  site?.close();
  await postgres?.stop();
});

async function post(body: string, more: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const { host, port } = await hoop.place("shop");
  const sent = request({
    ...{ host, port, method: "POST", path: "/refunds", agent: false },
    headers: { host: "shop.hoop", "content-type": "application/json", ...more },
  });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const part of answer) text += part;
  return { status: answer.statusCode!, text };
}

test("a request that cannot wait is answered with its review, and goes through once, later, as it was", async () => {
  const people = reviewer(hoop);
  const big = '{"refund":{"big":true,"amount":900}}';
  const later = { prefer: "respond-async" };
  expect(await post('{"refund":{"big":false}}')).toMatchObject({ status: 200 });
  const held = await post(big, later);
  expect(held.status).toBe(202);
  const review = await people.next("pending");
  expect(JSON.parse(held.text)).toMatchObject({ link: expect.stringContaining(review) });
  // Asked again it is the same review still; with another body it is another one.
  expect((await post(big, later)).status).toBe(202);
  expect((await people.list("pending")).map(({ id }) => id)).toEqual([review]);
  expect(await people.content(review)).toMatchObject({ values: [big] });
  await people.decide(review, "approve");
  expect(await post(big.replace("900", "901"), later)).toMatchObject({ status: 202 });
  expect(await post(big)).toMatchObject({ status: 200, text: "refunded" });
  expect(got.filter((body) => body.includes("true"))).toEqual([big]);
  // Used up.
  expect((await post(big, later)).status).toBe(202);
});
