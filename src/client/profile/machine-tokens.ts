import { readFileSync } from "node:fs";
import { deadline, HoopError } from "../../vocabulary/index.js";
import { ApiClient } from "../api-client.js";
import { fixedToken, type TokenSource } from "./token-source.js";

/** How a program shows who it is. */
export type MachineCredential =
  /** A service account's key. */
  | { readonly kind: "key"; readonly key: string }
  /** Workload tokens of an issuer that the gateway trusts; each call gets one that is good now. */
  | { readonly kind: "workload"; readonly read: () => Promise<string> };

interface Exchanged {
  readonly access_token: string;
  readonly expires_in: number;
}

/** A token with less life than this is renewed before it is used. */
const slackMs = 60_000;

/**
 * Tokens of a program. A key is used as it is, unless it acts for a person; workload tokens are exchanged. What was got is kept in
 * memory until shortly before its end.
 */
export function machineTokens(options: {
  readonly url: string;
  readonly ca: string | undefined;
  readonly credential: MachineCredential;
  /** The person to act for; undefined: for itself. */
  readonly onBehalfOf: string | undefined;
}): TokenSource {
  const { url, ca, credential, onBehalfOf } = options;
  if (credential.kind === "key" && onBehalfOf === undefined) return fixedToken(credential.key);
  const api = new ApiClient({ url, ca, tokens: credential.kind === "key" ? fixedToken(credential.key) : null });
  let known: { readonly token: string; readonly until: number } | null = null;
  let asking: Promise<string> | null = null;

  async function exchange(): Promise<string> {
    const workload = credential.kind === "workload" ? { subject_token: await credential.read() } : {};
    const person = onBehalfOf === undefined ? {} : { requested_subject: onBehalfOf };
    const given = await api.post<Exchanged>("/token", { body: { ...workload, ...person } });
    known = { token: given.access_token, until: Date.now() + given.expires_in * 1_000 };
    return known.token;
  }

  const ask = (): Promise<string> => {
    asking ??= exchange().finally(() => {
      asking = null;
    });
    return asking;
  };
  return {
    token: async () => (known !== null && known.until - Date.now() > slackMs ? known.token : ask()),
    async renew(refused) {
      if (known !== null && known.token !== refused && known.until > Date.now()) return known.token;
      known = null;
      return ask();
    },
  };
}

/** A key from a file: never from the command line, which all users of a machine can read. */
export function keyFromFile(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new HoopError("invalid", `the key cannot be read from ${path}`, { cause });
  }
}

/** A token that something else keeps fresh in a file, as Kubernetes does. */
export function workloadFromFile(path: string): MachineCredential {
  return {
    kind: "workload",
    read: async () => {
      try {
        return readFileSync(path, "utf8").trim();
      } catch (cause) {
        throw new HoopError("invalid", `the workload token cannot be read from ${path}`, { cause });
      }
    },
  };
}

const askMs = 10_000;

/** A job of GitHub Actions asks for a token of its own each time; the job needs `permissions: id-token: write`. */
export function workloadFromGitHub(
  env: { readonly [name: string]: string | undefined },
  audience: string,
): MachineCredential {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: asked, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env;
  if (!asked || !bearer || !URL.canParse(asked))
    throw new HoopError("precondition-failed", "this is no job of GitHub Actions that may ask for tokens", {
      hint: "the job needs `permissions: { id-token: write }`",
    });
  return {
    kind: "workload",
    async read() {
      const url = new URL(asked);
      url.searchParams.set("audience", audience);
      const headers = { authorization: `Bearer ${bearer}`, accept: "application/json" };
      const answer = await fetch(url, { headers, redirect: "error", signal: deadline(askMs) }).catch(
        (cause: unknown) => {
          throw new HoopError("unavailable", "GitHub did not give a token", { cause });
        },
      );
      const body = answer.ok ? ((await answer.json().catch(() => null)) as { value?: unknown } | null) : null;
      if (typeof body?.value !== "string")
        throw new HoopError("unavailable", `GitHub did not give a token (status ${answer.status})`);
      return body.value;
    },
  };
}
