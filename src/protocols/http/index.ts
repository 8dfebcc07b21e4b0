import type { Protocol } from "../../protocol/index.js";
import { serve } from "./serve.js";
import { targetSchema } from "./target.js";

/** HTTP/1.1 and HTTP/2, with WebSocket, server-sent events and gRPC. */
export const http: Protocol = {
  name: "http",
  title: "HTTP",
  defaultPort: 80,
  morePorts: [443],
  profile: ({ target }) => (target.profile === "kubernetes" ? "kubernetes" : ""),
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
    header: { type: "strings", text: "headers as `name: value`, without those that hold credentials" },
    parameter: { type: "strings", text: "query parameters as `name=value`" },
    body: { type: "strings", text: "values of a JSON or form body as `path=value`, e.g. `user.role=admin`" },
    graphqlType: {
      type: "strings",
      text: "kinds of GraphQL operations",
      values: ["query", "mutation", "subscription"],
    },
    graphqlOperation: { type: "strings", text: "names of GraphQL operations" },
    graphqlField: { type: "strings", text: "outermost fields that a GraphQL request asks for" },
    verb: {
      type: "string",
      text: "with the Kubernetes profile: get, list, watch, create, update, patch, delete, deletecollection",
    },
    apiGroup: { type: "string", text: "with the Kubernetes profile: the API group; empty for the core" },
    resource: { type: "string", text: "with the Kubernetes profile: the resource, e.g. pods" },
    subresource: { type: "string", text: "with the Kubernetes profile: e.g. exec, log, status" },
    namespace: { type: "string", text: "with the Kubernetes profile: the namespace" },
    resourceName: { type: "string", text: "with the Kubernetes profile: the object's name" },
    grpcService: { type: "string", text: "the gRPC service" },
    grpcMethod: { type: "string", text: "the gRPC method" },
  },
  can: new Set(["judge-statements", "mask-fields", "mask-values", "hold", "client-tls", "upstream-tls"]),
  userless: true,
  language: "",
  example: ({ name, target }, { host, port }) =>
    target.profile === "kubernetes"
      ? `hoop kubeconfig ${name} && kubectl --context ${name}.hoop get pods`
      : `curl http://${host === "" ? `${name}.hoop` : host}${port === 80 ? "" : `:${port}`}/`,
  serve,
};
