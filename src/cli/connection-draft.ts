import { readFile } from "node:fs/promises";
import { HoopError } from "../vocabulary/index.js";
import { flag, type Invocation, text, texts } from "./invocation.js";
import { readSecret } from "./read-secret.js";

/** What was said of a connection on the command line; what was left out is not there. */
export interface ConnectionDraft {
  readonly protocol?: string;
  readonly host?: string;
  readonly port?: number;
  readonly agent?: string | null;
  readonly labels?: Readonly<Record<string, string>>;
  readonly target?: Readonly<Record<string, unknown>>;
  readonly tls?: { readonly mode?: string; readonly ca?: string; readonly serverName?: string };
  readonly exposesCredentialToAgent?: boolean;
  readonly credential?: Readonly<Record<string, unknown>> | null;
  readonly secret?: string;
}

/** What the connection had before, for options that change a part of it. */
export interface DraftBase {
  readonly labels: Readonly<Record<string, string>>;
  readonly target: Readonly<Record<string, unknown>>;
  readonly tls: { readonly mode?: string; readonly ca?: string; readonly serverName?: string };
  readonly credential?: Readonly<Record<string, unknown>> | null;
}

const tlsModes: readonly string[] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/** Reads the options that `connections add` and `edit` share. The password is never an option: all users can read those. */
export async function draftFrom(invocation: Invocation, base: DraftBase, askSecret: boolean): Promise<ConnectionDraft> {
  const [host, agent, user] = [text(invocation, "host"), text(invocation, "agent"), text(invocation, "user")];
  const labels = pairs(texts(invocation, "label"), base.labels);
  const target = pairs([...(user === undefined ? [] : [`user=${user}`]), ...texts(invocation, "target")], base.target);
  const credential = credentialFrom(texts(invocation, "credential"), base.credential ?? {});
  const tls = await tlsFrom(invocation, base.tls);
  const secretFile = text(invocation, "secretFile");
  const secret =
    secretFile !== undefined
      ? await secretFrom(secretFile)
      : flag(invocation, "passwordStdin") || (askSecret && user !== undefined && invocation.context.out.interactive)
        ? await readSecret(invocation.context, `Password of ${user ?? "the target's user"}`)
        : undefined;
  return {
    ...(host === undefined ? {} : { host }),
    ...(text(invocation, "port") === undefined ? {} : { port: portFrom(text(invocation, "port")!) }),
    ...(agent === undefined ? {} : { agent: agent === "none" ? null : agent }),
    ...(labels === null ? {} : { labels: labels as Record<string, string> }),
    ...(target === null ? {} : { target }),
    ...(tls === null ? {} : { tls }),
    ...(credential === undefined ? {} : { credential }),
    ...(flag(invocation, "exposesCredentialToAgent") ? { exposesCredentialToAgent: true } : {}),
    ...(secret === undefined || secret === "" ? {} : { secret }),
  };
}

/** `key=value` put over what was there; `key=` takes one away. Null: none was given. */
function pairs(given: readonly string[], before: Readonly<Record<string, unknown>>): Record<string, unknown> | null {
  if (given.length === 0) return null;
  const result: Record<string, unknown> = { ...before };
  for (const pair of given) {
    const at = pair.indexOf("=");
    if (at <= 0) throw new HoopError("invalid", `${JSON.stringify(pair)} is not key=value`);
    const [key, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (value === "") delete result[key];
    else result[key] = valueFrom(key, value);
  }
  return result;
}

/** `true`, `false`, JSON where it begins like an object or a list, else the text itself. */
function valueFrom(key: string, text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new HoopError("invalid", `${key} begins like JSON and is none`, {
      hint: `for example --target '${key}={"kind":"bearer"}'`,
    });
  }
}

/** What the gateway reads as lists and numbers is so here already; what is left empty is taken away. */
function credentialFrom(
  given: readonly string[],
  before: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | null | undefined {
  const said = pairs(given, before);
  if (said === null) return undefined;
  const read = Object.entries(said).map(([key, value]): readonly [string, unknown] => {
    if (typeof value !== "string") return [key, value];
    if (key === "roles" || key === "followers") return [key, value.split(",").map((name) => name.trim())];
    return [key, key === "rotateDays" ? Number(value) : value];
  });
  return read.length === 0 ? null : Object.fromEntries(read);
}

async function tlsFrom(invocation: Invocation, before: DraftBase["tls"]): Promise<DraftBase["tls"] | null> {
  const [mode, caFile, serverName] = [
    text(invocation, "tls"),
    text(invocation, "tlsCa"),
    text(invocation, "tlsServerName"),
  ];
  if (mode === undefined && caFile === undefined && serverName === undefined) return null;
  if (mode !== undefined && !tlsModes.includes(mode)) {
    throw new HoopError("invalid", `there is no TLS mode ${JSON.stringify(mode)}`, {
      hint: `one of ${tlsModes.join(", ")}`,
    });
  }
  let ca: string | undefined;
  if (caFile !== undefined) {
    ca = await readFile(caFile, "utf8").catch((cause) => {
      throw new HoopError("invalid", `${caFile} cannot be read`, { cause });
    });
  }
  // A mode that verifies nothing has no use for the CA of the one before; a CA that is given beside it is still a contradiction.
  const kept = mode === undefined || mode.startsWith("verify-") ? before : withoutCa(before);
  return { ...kept, ...(mode ? { mode } : {}), ...(ca ? { ca } : {}), ...(serverName ? { serverName } : {}) };
}

function withoutCa({ ca: _, ...others }: DraftBase["tls"]): DraftBase["tls"] {
  return others;
}

/** A whole file: keys have many lines. */
async function secretFrom(file: string): Promise<string> {
  const content = await readFile(file, "utf8").catch((cause) => {
    throw new HoopError("invalid", `${file} cannot be read`, { cause });
  });
  const secret = content.replace(/\r?\n$/, "");
  if (secret === "") throw new HoopError("invalid", `${file} is empty`);
  if (secret.length > 64 * 1024) throw new HoopError("too-large", `${file} is longer than a secret may be`);
  return secret.includes("PRIVATE KEY-----") ? `${secret}\n` : secret;
}

function portFrom(given: string): number {
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new HoopError("invalid", `${JSON.stringify(given)} is not a port`);
  return port;
}
