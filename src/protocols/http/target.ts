import { z } from "zod";
import type { Connection } from "../../vocabulary/index.js";

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "not a header's name")
  .refine((name) => !/^(host|connection|content-length|transfer-encoding|upgrade|te|trailer)$/i.test(name), {
    message: "this header belongs to the connection itself",
  });

/** How the target knows who is calling. The secret is the connection's credential; it is never in here. */
const authSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("bearer") }),
  z.strictObject({ kind: z.literal("basic"), user: z.string().min(1).max(255) }),
  z.strictObject({ kind: z.literal("header"), name: headerName }),
  /** The secret is the PEM of a private key and of its certificate chain; for https targets. */
  z.strictObject({ kind: z.literal("mtls") }),
  /** A short-lived token that says who asks, signed by Hoop; targets check it with `/.well-known/jwks.json`. */
  z.strictObject({
    kind: z.literal("jwt"),
    audience: z.string().min(1).max(500).optional(),
    header: headerName.optional(),
  }),
  z.strictObject({ kind: z.literal("query"), name: z.string().min(1).max(100) }),
]);

/** A path with `{name}` for parts that vary: `/api/users/{id}/posts`. `{rest*}` at the end stands for all that follows. */
const template = z
  .string()
  .max(500)
  .regex(
    /^\/([^{}?#]|\{[a-zA-Z][a-zA-Z0-9_]*\*?\})*$/,
    "a path template begins with / and names what varies as {name}",
  );

/** What a connection of HTTP may say under `target`. */
export const targetSchema = z.strictObject({
  /** Left out: https where the connection's TLS mode is stricter than prefer or the port is 443. */
  scheme: z.enum(["http", "https"]).optional(),
  /** HTTP/2 to the target: by ALPN where it offers it, always (`prior-knowledge`), or never. */
  http2: z.enum(["auto", "prior-knowledge", "off"]).optional(),
  /** The `Host` that the target is asked for; its own host and port if left out. */
  host: z.string().min(1).max(253).optional(),
  auth: authSchema.optional(),
  /** Paths that are the same to rules and to people. */
  paths: z.array(template).max(200).optional(),
  /** Lets `%2F` and `%25` in paths through, as some APIs need; rules on paths then see them encoded. */
  encodedSlashes: z.boolean().optional(),
  /** Paths that speak GraphQL; `/graphql` and `/api/graphql` if left out. */
  graphql: z.array(z.string().max(500).startsWith("/")).max(20).optional(),
  /** What requests mean beyond HTTP: `kubernetes` tells verbs and resources of its API, and sets who is asking. */
  profile: z.enum(["kubernetes"]).optional(),
  /** Before names of people and groups that a Kubernetes API is told; `hoop:` if left out. */
  impersonatePrefix: z.string().min(1).max(50).optional(),
  /** Seconds that a held request waits before it is answered with 202 and the review's link; it waits as long as it takes if left out. */
  holdSeconds: z.number().int().min(0).max(86_400).optional(),
  /** What opening a WebSocket counts as; `[read, write]` if left out. */
  websocketEffects: z
    .array(z.enum(["read", "write", "execute"]))
    .min(1)
    .optional(),
});

export type HttpAuth = z.infer<typeof authSchema>;

export interface HttpTarget {
  readonly scheme: "http" | "https";
  readonly http2: "auto" | "prior-knowledge" | "off";
  /** What goes into `Host`. */
  readonly authority: string;
  readonly auth: HttpAuth;
  readonly paths: readonly string[];
  readonly encodedSlashes: boolean;
  readonly graphql: readonly string[];
  readonly kubernetes: { readonly prefix: string } | null;
  readonly holdSeconds: number | null;
  readonly websocketEffects: readonly ("read" | "write" | "execute")[];
}

export function targetOf(connection: Connection): HttpTarget {
  const said = targetSchema.parse(connection.target);
  const strict = !["disable", "prefer"].includes(connection.tls.mode);
  const scheme = said.scheme ?? (strict || connection.port === 443 ? "https" : "http");
  const usual = scheme === "https" ? 443 : 80;
  const literal = connection.host.includes(":") ? `[${connection.host}]` : connection.host;
  return {
    scheme,
    http2: said.http2 ?? "auto",
    authority: said.host ?? (connection.port === usual ? literal : `${literal}:${connection.port}`),
    auth: said.auth ?? { kind: "none" },
    paths: said.paths ?? [],
    encodedSlashes: said.encodedSlashes ?? false,
    graphql: said.graphql ?? ["/graphql", "/api/graphql"],
    kubernetes: said.profile === "kubernetes" ? { prefix: said.impersonatePrefix ?? "hoop:" } : null,
    holdSeconds: said.holdSeconds ?? null,
    websocketEffects: said.websocketEffects ?? ["read", "write"],
  };
}
