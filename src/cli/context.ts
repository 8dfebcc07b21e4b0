import { ApiClient } from "../client/api-client.js";
import { type ClientFolders, clientFolders } from "../client/folders.js";
import { loginTokens } from "../client/profile/login-tokens.js";
import {
  keyFromFile,
  type MachineCredential,
  machineTokens,
  workloadFromFile,
  workloadFromGitHub,
} from "../client/profile/machine-tokens.js";
import { type Login, ProfileStore } from "../client/profile/profile-store.js";
import { fixedToken, type TokenSource } from "../client/profile/token-source.js";
import { HoopError } from "../vocabulary/index.js";
import type { Output } from "./output.js";

/** What the environment may say; read once, here. The gateway and the agent read settings of their own out of it. */
export interface CliEnvironment {
  readonly [name: string]: string | undefined;
  readonly HOOP_HOME?: string | undefined;
  readonly HOOP_GATEWAY?: string | undefined;
  readonly HOOP_TOKEN?: string | undefined;
  /** A service account's key, or the file that holds it. */
  readonly HOOP_KEY?: string | undefined;
  readonly HOOP_KEY_FILE?: string | undefined;
  /** `github`, or `file:PATH`: where workload tokens come from. */
  readonly HOOP_WORKLOAD?: string | undefined;
  /** What workload tokens are asked for; the gateway's URL when left out. */
  readonly HOOP_AUDIENCE?: string | undefined;
  /** The person to act for, with a key or workload tokens. */
  readonly HOOP_FOR?: string | undefined;
  /** PEM file of the gateway's authority, for use with a token, key or workload token. */
  readonly HOOP_CA?: string | undefined;
  readonly SUDO_UID?: string | undefined;
}

/** The gateway that a command speaks to, and as whom. */
export interface Way {
  readonly url: string;
  readonly ca: string | undefined;
  readonly tokens: TokenSource;
  /** Null where the token comes from the environment. */
  readonly login: Login | null;
}

/** What every command is given. */
export interface CliContext {
  readonly out: Output;
  readonly env: CliEnvironment;
  readonly folders: ClientFolders;
  readonly store: ProfileStore;
  /** Aborted on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** The chosen gateway. Throws `unauthenticated` without a login. */
  way(): Promise<Way>;
  api(): Promise<ApiClient>;
}

export function createContext(options: {
  out: Output;
  env: CliEnvironment;
  gateway: string | undefined;
  signal: AbortSignal;
}): CliContext {
  const { out, env, signal } = options;
  const sudo = env.SUDO_UID && /^\d{1,10}$/.test(env.SUDO_UID) ? { uid: Number(env.SUDO_UID) } : null;
  const folders = clientFolders(env.HOOP_HOME, process.geteuid?.() === 0, sudo);
  const store = new ProfileStore(folders.config, folders.configOwner);
  const gateway = options.gateway ?? env.HOOP_GATEWAY;
  const context: CliContext = {
    out,
    env,
    folders,
    store,
    signal,
    way: () => findWay(store, gateway, env),
    async api() {
      const { url, ca, tokens } = await context.way();
      return new ApiClient({ url, ca, tokens });
    },
  };
  return context;
}

async function findWay(store: ProfileStore, gateway: string | undefined, env: CliEnvironment): Promise<Way> {
  const login = store.find(gateway);
  const given = (["HOOP_TOKEN", "HOOP_KEY", "HOOP_KEY_FILE", "HOOP_WORKLOAD"] as const).find((name) => env[name]);
  if (given !== undefined) {
    const url = gateway && URL.canParse(gateway) ? new URL(gateway).origin : login?.url;
    if (url === undefined)
      throw new HoopError("invalid", `${given} is set, but not which gateway it is for`, {
        hint: "set HOOP_GATEWAY=https://… or use --gateway",
      });
    const ca = env.HOOP_CA ? await readAuthority(env.HOOP_CA) : login?.url === url ? login.ca : undefined;
    const tokens = env.HOOP_TOKEN
      ? fixedToken(env.HOOP_TOKEN)
      : machineTokens({ url, ca, credential: credentialOf(env, url), onBehalfOf: env.HOOP_FOR || undefined });
    return { url, ca, tokens, login: null };
  }
  if (!login) {
    throw new HoopError("unauthenticated", gateway ? `you are not logged in at ${gateway}` : "you are not logged in", {
      hint: gateway ? `hoop login ${gateway}` : "hoop login https://your-gateway.example.com",
    });
  }
  return { url: login.url, ca: login.ca, tokens: loginTokens(store, login.url), login };
}

function credentialOf(env: CliEnvironment, url: string): MachineCredential {
  if (env.HOOP_KEY) return { kind: "key", key: env.HOOP_KEY.trim() };
  if (env.HOOP_KEY_FILE) return { kind: "key", key: keyFromFile(env.HOOP_KEY_FILE) };
  const from = env.HOOP_WORKLOAD ?? "";
  if (from === "github") return workloadFromGitHub(env, env.HOOP_AUDIENCE ?? url);
  if (from.startsWith("file:")) return workloadFromFile(from.slice("file:".length));
  throw new HoopError("invalid", `HOOP_WORKLOAD is github or file:PATH, not ${JSON.stringify(from.slice(0, 64))}`);
}

/** A PEM file named on the command line or in the environment. */
export async function readAuthority(path: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const { X509Certificate } = await import("node:crypto");
  try {
    const text = await readFile(path, "utf8");
    new X509Certificate(text);
    return text;
  } catch (cause) {
    throw new HoopError("invalid", `${path} is not a certificate in PEM`, {
      hint: "`hoop ca` prints the gateway's",
      cause,
    });
  }
}
