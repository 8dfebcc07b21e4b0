import type { TargetCredential } from "../../protocol/index.js";
import type { HttpAuth, HttpTarget } from "./target.js";

/** What is added to each request, and what a client may not bring itself. */
export interface Injection {
  readonly headers: readonly string[];
  /** Lower-case names that the client's request loses. */
  readonly drop: ReadonlySet<string>;
  /** The path and query as the target gets them. */
  url(pathAndQuery: string): string;
}

const untouched = (url: string) => url;

/** How the connection's secret becomes part of a request. */
export function injectionOf(auth: HttpAuth, { secret }: TargetCredential): Injection {
  const own = secret ?? "";
  switch (auth.kind) {
    case "none":
    case "mtls":
      return { headers: [], drop: new Set(), url: untouched };
    case "bearer":
      return { headers: ["Authorization", `Bearer ${own}`], drop: new Set(["authorization"]), url: untouched };
    case "basic": {
      const pair = Buffer.from(`${auth.user}:${own}`).toString("base64");
      return { headers: ["Authorization", `Basic ${pair}`], drop: new Set(["authorization"]), url: untouched };
    }
    case "header":
      return { headers: [auth.name, own], drop: new Set([auth.name.toLowerCase()]), url: untouched };
    // The token is made for each request; what the client says under its header is dropped all the same.
    case "jwt":
      return { headers: [], drop: new Set([(auth.header ?? "authorization").toLowerCase()]), url: untouched };
    case "query":
      return { headers: [], drop: new Set(), url: (url) => withParameter(url, auth.name, own) };
  }
}

function withParameter(url: string, name: string, value: string): string {
  const at = url.indexOf("?");
  const path = at < 0 ? url : url.slice(0, at);
  const kept = (at < 0 ? [] : url.slice(at + 1).split("&")).filter((part) => {
    try {
      return decodeURIComponent(part.split("=", 1)[0]!.replaceAll("+", " ")) !== name;
    } catch {
      return true;
    }
  });
  return `${path}?${[...kept, `${encodeURIComponent(name)}=${encodeURIComponent(value)}`].filter((part) => part !== "").join("&")}`;
}

/** Whether the secret would be readable for an agent on its way. */
/** The key and certificates that a secret holds; null: it is no such PEM. */
export function certificateOf(secret: string | null): { readonly key: string; readonly chain: string } | null {
  const blocks = (secret ?? "").match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g) ?? [];
  const key = blocks.find((block) => /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(block));
  const chain = blocks.filter((block) => block.startsWith("-----BEGIN CERTIFICATE-----"));
  return key === undefined || chain.length === 0 ? null : { key, chain: `${chain.join("\n")}\n` };
}

export function showsSecret(target: HttpTarget, viaAgent: boolean): boolean {
  return viaAgent && target.scheme === "http" && !["none", "mtls"].includes(target.auth.kind);
}

/** The forms in which a target could echo the secret. */
export function secretForms(auth: HttpAuth, { secret }: TargetCredential): readonly string[] {
  if (["none", "mtls", "jwt"].includes(auth.kind) || secret === null || secret.length < 6) return [];
  const forms = [secret, encodeURIComponent(secret)];
  if (auth.kind === "basic") forms.push(Buffer.from(`${auth.user}:${secret}`).toString("base64"));
  return [...new Set(forms)];
}
