import type { Protocol } from "../../protocol/index.js";
import { serve } from "./serve.js";
import { targetSchema } from "./target.js";

/** HTTP/1.1 and HTTP/2, with WebSocket, server-sent events and gRPC. */
export const http: Protocol = {
  name: "http",
  title: "HTTP",
  defaultPort: 80,
  targetSchema,
  attributes: {
    method: { type: "string", text: "the method, e.g. GET" },
    host: { type: "string", text: "the connection's own name, e.g. grafana.hoop" },
    path: { type: "string", text: "the path as sent, without the query" },
    template: { type: "string", text: "the path with what varies replaced, e.g. /api/users/{id}" },
    query: { type: "strings", text: "names of query parameters" },
    headers: { type: "strings", text: "names of headers, lower case" },
    contentType: { type: "string", text: "the body's media type" },
    upgrade: { type: "string", text: "what the connection is to become, e.g. websocket" },
    grpcService: { type: "string", text: "the gRPC service" },
    grpcMethod: { type: "string", text: "the gRPC method" },
  },
  can: new Set(["judge-statements", "hold", "client-tls", "upstream-tls"]),
  userless: true,
  language: "",
  example: ({ name }, { host, port }) =>
    `curl http://${host === "" ? `${name}.hoop` : host}${port === 80 ? "" : `:${port}`}/`,
  serve,
};
