import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { ListenOptions } from "node:net";

/** The customers of the sample API. Numbers are test numbers of card schemes. */
const customers = [
  { id: 1, name: "Grace Hopper", email: "grace@navy.example.org", card_number: "4111111111111881", city: "Arlington" },
  {
    id: 2,
    name: "Alan Turing",
    email: "alan@bletchley.example.org",
    card_number: "5555555555554444",
    city: "Wilmslow",
  },
  {
    id: 3,
    name: "Barbara Liskov",
    email: "barbara@clu.example.org",
    card_number: "4012888888881881",
    city: "Cambridge",
  },
];

const page = `<!doctype html><meta charset="utf-8"><title>web-demo</title>
<h1>web-demo</h1><p>A site behind Hoop. <a href="/api/customers">/api/customers</a></p>`;

export interface SampleSite {
  /** 0 where it listens on a path. */
  readonly port: number;
  stop(): Promise<void>;
}

/** A small web site with a JSON API, for whoever has its token. What is changed in it stays as it was. */
export async function startSite({
  token,
  listen,
}: {
  /** What it wants as a bearer token; only Hoop knows it. */
  readonly token: string;
  readonly listen: ListenOptions;
}): Promise<SampleSite> {
  const wanted = digest(`Bearer ${token}`);
  const server = createServer((request, response) => {
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
    request.resume();
    if (!timingSafeEqual(digest(request.headers.authorization ?? ""), wanted))
      return void json(401, { error: "no token" });
    const [path] = (request.url ?? "/").split("?");
    const id = /^\/api\/customers\/(\d+)$/.exec(path!)?.[1];
    const customer = customers.find((one) => one.id === Number(id));
    if (path === "/") return void response.writeHead(200, { "content-type": "text/html" }).end(page);
    if (path === "/api/customers" && request.method === "GET") return void json(200, customers);
    if (customer) return void (request.method === "DELETE" ? response.writeHead(204).end() : json(200, customer));
    json(404, { error: "no such thing" });
  });
  server.listen(listen);
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
