import type { Analysis, AttributeValue, Effect } from "../../vocabulary/index.js";
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
}

const reading = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
const writing = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** Shapes kept, so that what was decided for one can be kept with it. */
const maxKept = 2_000;

/** Makes analyses of requests; the same object for the same method, template, query names, headers and kinds. */
export function requestAnalyser(
  host: string,
  name: NamePath,
  websocketEffects: readonly Effect[],
): (facts: RequestFacts) => Analysis {
  const kept = new Map<string, Analysis>();
  return (facts) => {
    const template = name(facts.path);
    const query = parameterNames(facts.query);
    const names = facts.headers.toSorted();
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
    const made = analysisOf(facts, host, template, query, names, websocketEffects);
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
  websocketEffects: readonly Effect[],
): Analysis {
  const { method, path, contentType, upgrade } = facts;
  const effects = upgrade !== null ? upgradeEffects(upgrade, websocketEffects) : effectsOf(method);
  const attributes: Record<string, AttributeValue> = { method, host, path, template, query, headers: names };
  if (contentType !== null) attributes.contentType = contentType;
  if (upgrade !== null) attributes.upgrade = upgrade;
  const grpc = contentType?.startsWith("application/grpc") ? /^\/([^/]+)\/([^/]+)$/.exec(path) : null;
  if (grpc) Object.assign(attributes, { grpcService: grpc[1]!, grpcMethod: grpc[2]! });
  return {
    shape: `${method} ${template}${upgrade === null ? "" : ` (${upgrade})`}`,
    effects,
    resources: [
      { kind: "host", name: host, access: "execute" },
      { kind: "path", name: path, access: effects.every((effect) => effect === "read") ? "read" : "write" },
    ],
    attributes,
    unknowns: effects.includes("unknown") ? [`what ${upgrade ?? method} does is not known`] : [],
  };
}

function effectsOf(method: string): readonly Effect[] {
  if (reading.has(method)) return ["read"];
  return writing.has(method) ? ["write"] : ["unknown"];
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
