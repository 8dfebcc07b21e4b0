import type { Analysis, AttributeValue, Effect } from "../../vocabulary/index.js";
import type { GraphqlFacts } from "./graphql.js";
import { kubernetesFacts } from "./kubernetes.js";
import type { HttpTarget } from "./target.js";
import type { NamePath } from "./template.js";

/** What policy may look at in a request. */
export interface RequestFacts {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** With the `?`, or empty. */
  readonly query: string;
  readonly contentType: string | null;
  /** `websocket`, or another protocol that the connection is to become; null: it stays HTTP. */
  readonly upgrade: string | null;
  readonly headers: readonly string[];
  /** `name: value`, where a rule looks at values. */
  readonly header?: readonly string[] | undefined;
  /** `name=value`, where a rule looks at values. */
  readonly parameter?: readonly string[] | undefined;
  /** `path=value`, where a rule looks at the body; null: it could not be read. */
  readonly body?: readonly string[] | null | undefined;
  /** Of a path that speaks GraphQL; null: what it asks for could not be read. */
  readonly graphql?: GraphqlFacts | null | undefined;
}

const reading = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
const writing = new Set(["POST", "PUT", "PATCH"]);

/** Shapes kept, so that what was decided for one can be kept with it. */
const maxKept = 2_000;

/** Makes analyses of requests; the same object for the same method, template, query names, headers and kinds. */
export function requestAnalyser(
  host: string,
  name: NamePath,
  target: Pick<HttpTarget, "websocketEffects" | "kubernetes">,
): (facts: RequestFacts) => Analysis {
  const kept = new Map<string, Analysis>();
  return (facts) => {
    const template = name(facts.path);
    const query = parameterNames(facts.query);
    const names = facts.headers.toSorted();
    if (facts.body !== undefined || facts.header || facts.parameter || facts.graphql !== undefined)
      return analysisOf(facts, host, template, query, names, target);
    const key = [
      facts.method,
      facts.path,
      query.join("&"),
      facts.contentType ?? "",
      facts.upgrade ?? "",
      names.join(","),
    ].join("\n");
    const known = kept.get(key);
    if (known !== undefined) return known;
    const made = analysisOf(facts, host, template, query, names, target);
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value!);
    kept.set(key, made);
    return made;
  };
}

function analysisOf(
  facts: RequestFacts,
  host: string,
  template: string,
  query: readonly string[],
  names: readonly string[],
  target: Pick<HttpTarget, "websocketEffects" | "kubernetes">,
): Analysis {
  const { method, path, contentType, upgrade, graphql, body, header, parameter } = facts;
  const unknowns: string[] = [];
  const kubernetes = target.kubernetes ? kubernetesFacts(method, path, facts.query, upgrade) : null;
  const own =
    kubernetes?.effects ??
    (graphql !== undefined
      ? graphqlEffects(graphql)
      : upgrade !== null
        ? upgradeEffects(upgrade, target.websocketEffects)
        : effectsOf(method));
  if (own.includes("unknown")) unknowns.push(`what ${upgrade ?? method} does is not known`);
  if (graphql === null) unknowns.push("what this GraphQL request asks for could not be read");
  if (body === null) unknowns.push("a rule looks at bodies, and this one could not be read");
  const effects: readonly Effect[] = unknowns.length > 0 && !own.includes("unknown") ? [...own, "unknown"] : own;
  const attributes: Record<string, AttributeValue> = { method, host, path, template, query, headers: names };
  if (body) attributes.body = body;
  if (header) attributes.header = header;
  if (parameter) attributes.parameter = parameter;
  if (graphql)
    Object.assign(attributes, {
      graphqlType: graphql.types,
      graphqlOperation: graphql.names,
      graphqlField: graphql.fields,
    });
  if (kubernetes) Object.assign(attributes, kubernetes.attributes);
  if (contentType !== null) attributes.contentType = contentType;
  if (upgrade !== null) attributes.upgrade = upgrade;
  const grpc = contentType?.startsWith("application/grpc") ? /^\/([^/]+)\/([^/]+)$/.exec(path) : null;
  if (grpc) Object.assign(attributes, { grpcService: grpc[1]!, grpcMethod: grpc[2]! });
  return {
    shape: `${method} ${template}${graphql ? ` ${[...graphql.types, ...graphql.names].join(" ")}` : ""}${upgrade === null ? "" : ` (${upgrade})`}`,
    effects,
    resources: [
      { kind: "host", name: host, access: "execute" },
      { kind: "path", name: path, access: effects.every((effect) => effect === "read") ? "read" : "write" },
    ],
    attributes,
    unknowns,
    sealed: ["path", ...["body", "header", "parameter"].filter((name) => Object.hasOwn(attributes, name))],
  };
}

function effectsOf(method: string): readonly Effect[] {
  if (reading.has(method)) return ["read"];
  if (method === "DELETE") return ["destroy"];
  return writing.has(method) ? ["write"] : ["unknown"];
}

function graphqlEffects(facts: GraphqlFacts | null): readonly Effect[] {
  if (facts === null) return ["unknown"];
  return [...new Set(facts.types.map((type): Effect => (type === "mutation" ? "write" : "read")))];
}

function upgradeEffects(upgrade: string, websocketEffects: readonly Effect[]): readonly Effect[] {
  return upgrade === "websocket" ? websocketEffects : ["unknown"];
}

/**
 * Why a path may mean something else to the target than to the rules; null: it means one thing. Encoded slashes, dots and
 * backslashes, dot segments, doubled slashes and path parameters are read differently by different servers.
 */
export function ambiguousPath(path: string, encodedSlashes: boolean): string | null {
  if (!path.startsWith("/")) return "a path begins with /";
  if ((encodedSlashes ? /%(5c|2e|00)/i : /%(2f|5c|2e|00|25)/i).test(path))
    return "the path hides a slash, backslash, dot, percent sign or NUL in percent-encoding";
  if (/\/\.{1,2}(\/|$|;)/.test(path)) return "the path has dot segments";
  if (path.includes("//") || path.includes("\\")) return "the path has an empty segment or a backslash";
  if (/%(?![0-9a-f]{2})/i.test(path) || /[\x00-\x20\x7f-\uffff#]/.test(path))
    return "the path has characters that need encoding";
  return null;
}

/** Names of query parameters, each once, sorted; values are not part of a shape. */
function parameterNames(query: string): readonly string[] {
  if (query.length <= 1) return [];
  return [...new Set(new URLSearchParams(query).keys())].sort().slice(0, 200);
}
