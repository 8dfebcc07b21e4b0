// A bare TCP pipe, the least that a hop can cost: `node pipe.js LISTEN TARGET`.
import { connect, createServer } from "node:net";

const [listen, target] = process.argv.slice(2).map(Number);

createServer({ noDelay: true }, (client) => {
  const server = connect({ port: target!, host: "127.0.0.1", noDelay: true });
  client.pipe(server);
  server.pipe(client);
  client.on("error", () => server.destroy());
  server.on("error", () => client.destroy());
  client.on("close", () => server.destroy());
  server.on("close", () => client.destroy());
}).listen(listen, "127.0.0.1");
