// The least that a hop of HTTP costs on this platform: node:http in, undici out. `node hop.js LISTEN TARGET`.
import { createServer } from "node:http";
import { Pool } from "undici";

const [listen, target] = process.argv.slice(2);
const pool = new Pool(`http://127.0.0.1:${target}`, { connections: 64, pipelining: 1 });

createServer((request, response) => {
  const { host: _host, connection: _connection, ...headers } = request.headers;
  const bodiless = request.method === "GET" || request.method === "HEAD";
  pool
    .stream(
      {
        method: request.method as "GET",
        path: request.url ?? "/",
        headers: { ...headers, host: "site" },
        body: bodiless ? null : request,
      },
      ({ statusCode, headers: answered }) => response.writeHead(statusCode, answered as Record<string, string>),
    )
    .catch(() => response.destroy());
}).listen(Number(listen), "127.0.0.1");
