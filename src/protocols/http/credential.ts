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
      return { headers: [], drop: new Set(), url: untouched };
    case "bearer":
      return { headers: ["Authorization", `Bearer ${own}`], drop: new Set(["authorization"]), url: untouched };
    case "basic": {
      const pair = Buffer.from(`${auth.user}:${own}`).toString("base64");
      return { headers: ["Authorization", `Basic ${pair}`], drop: new Set(["authorization"]), url: untouched };
    }
    case "header":
      return { headers: [auth.name, own], drop: new Set([auth.name.toLowerCase()]), url: untouched };
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
export function showsSecret(target: HttpTarget, viaAgent: boolean): boolean {
  return viaAgent && target.scheme === "http" && target.auth.kind !== "none";
}

/** The forms in which a target could echo the secret. */
export function secretForms(auth: HttpAuth, { secret }: TargetCredential): readonly string[] {
  if (auth.kind === "none" || secret === null || secret.length < 6) return [];
  const forms = [secret, encodeURIComponent(secret)];
  if (auth.kind === "basic") forms.push(Buffer.from(`${auth.user}:${secret}`).toString("base64"));
  return [...new Set(forms)];
}
