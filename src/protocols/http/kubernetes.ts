import type { AttributeValue, Effect, Subject } from "../../vocabulary/index.js";

export interface KubernetesFacts {
  readonly effects: readonly Effect[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** Subresources through which one gets at what runs. */
const executing = new Set(["exec", "attach", "portforward", "proxy", "ephemeralcontainers"]);
const verbs: Readonly<Record<string, string>> = {
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
  HEAD: "get",
  GET: "get",
};

/**
 * What a request of the Kubernetes API asks for, told from its path as the API server itself does.
 * Source: Kubernetes documentation, "API concepts" and "Authorization overview: determine the request verb".
 */
export function kubernetesFacts(
  method: string,
  path: string,
  query: string,
  upgrade: string | null,
): KubernetesFacts | null {
  const parts = path.split("/").filter((part) => part !== "");
  const isCore = parts[0] === "api";
  if (!isCore && parts[0] !== "apis") return null;
  const group = isCore ? "" : (parts[1] ?? "");
  let rest = parts.slice(isCore ? 2 : 3);
  // Discovery: which groups and resources there are.
  if (rest.length === 0) return upgrade === null && method === "GET" ? { effects: ["read"], attributes: {} } : null;
  const watched = rest[0] === "watch";
  const proxied = rest[0] === "proxy";
  if (watched || proxied) rest = rest.slice(1);
  let namespace = "";
  if (rest[0] === "namespaces" && rest.length > 2 && !["status", "finalize"].includes(rest[2]!)) {
    namespace = rest[1]!;
    rest = rest.slice(2);
  }
  const [resource = "", name = "", subresource = proxied ? "proxy" : ""] = rest;
  if (resource === "namespaces") namespace = name;
  const watches = watched || /[?&]watch=(?:true|1)?(?:&|$)/.test(query);
  const verb =
    method === "DELETE" && name === ""
      ? "deletecollection"
      : method === "GET" && watches
        ? "watch"
        : method === "GET" && name === ""
          ? "list"
          : (verbs[method] ?? method.toLowerCase());
  const attributes = { verb, apiGroup: group, resource, subresource, namespace, resourceName: name };
  return { effects: [effectOf(verb, resource, subresource, upgrade)], attributes };
}

function effectOf(verb: string, resource: string, subresource: string, upgrade: string | null): Effect {
  if (executing.has(subresource)) return "execute";
  // Watches may come over WebSocket as well; anything else that becomes another protocol is not known.
  if (upgrade !== null && verb !== "watch" && subresource !== "log") return "unknown";
  if (verb === "get" || verb === "list" || verb === "watch") return "read";
  if (verb === "delete" || verb === "deletecollection" || subresource === "eviction") return "destroy";
  // Asking what one may do changes nothing.
  if (/^selfsubject(?:access|rules)reviews$|^selfsubjectreviews$/.test(resource)) return "read";
  return verb === "create" || verb === "update" || verb === "patch" ? "write" : "unknown";
}

/** Says of itself who asks; a client that could say so would be anybody. */
export const isImpersonation = (lowerName: string): boolean => lowerName.startsWith("impersonate-");

/** Who the API server is told is asking. Its own groups (`system:masters`) cannot be meant, for every name has the prefix. */
export function impersonation({ name, groups }: Subject, prefix: string): string[] {
  const safe = (text: string) => encodeURIComponent(text).replaceAll("%40", "@").replaceAll("%3A", ":");
  return [
    "Impersonate-User",
    `${prefix}${safe(name)}`,
    ...groups.flatMap((group) => ["Impersonate-Group", `${prefix}${safe(group)}`]),
  ];
}
