import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { HoopError } from "../../../vocabulary/index.js";
import { ask, errorFor, type HttpAnswer } from "../http.js";

/** How the gateway proves to HashiCorp Vault who it is. Files are read anew at each login: they may be rotated. */
export type VaultAuth =
  | { readonly kind: "token"; readonly tokenFile: string }
  | { readonly kind: "approle"; readonly mount: string; readonly roleId: string; readonly secretIdFile: string }
  | { readonly kind: "kubernetes"; readonly mount: string; readonly role: string; readonly jwtFile: string };

export interface VaultOptions {
  readonly address: URL;
  readonly auth: VaultAuth;
  readonly namespace: string | null;
  /** PEM */
  readonly ca: string | null;
  readonly now: () => number;
}

export interface VaultReply {
  readonly lease_id?: unknown;
  readonly lease_duration?: unknown;
  readonly renewable?: unknown;
  readonly data?: unknown;
  readonly auth?: { readonly client_token?: unknown; readonly lease_duration?: unknown } | null;
  readonly wrap_info?: { readonly token?: unknown } | null;
}

const tries = 3;
const longestPauseMs = 2_000;

/** Vault's HTTP API: logged in, logged in again where the token has ended, patient with what passes. Throws HoopError. */
export class VaultClient {
  readonly #options: VaultOptions;
  #token: { readonly text: string; readonly until: number } | null = null;
  #entering: Promise<string> | null = null;

  constructor(options: VaultOptions) {
    this.#options = options;
  }

  async call(method: "GET" | "PUT", path: string, body: object | null, signal: AbortSignal): Promise<VaultReply> {
    let answer = await this.#patiently(method, path, body, await this.#tokenFor(signal), signal);
    if (answer.status === 403) {
      // The token may have been revoked, or its policies changed: one that is fresh tells.
      this.#token = null;
      answer = await this.#patiently(method, path, body, await this.#tokenFor(signal), signal);
    }
    if (answer.status === 204) return {};
    if (answer.status !== 200) throw errorFor("Vault", answer.status);
    return this.#unwrapped(replyFrom(answer.body), signal);
  }

  /** A wrapped answer is a token that gives the real one, once. */
  async #unwrapped(reply: VaultReply, signal: AbortSignal): Promise<VaultReply> {
    const token = reply.wrap_info?.token;
    if (typeof token !== "string") return reply;
    const answer = await this.#patiently("PUT", "sys/wrapping/unwrap", null, token, signal);
    if (answer.status !== 200) throw new HoopError("denied", "what Vault has wrapped was opened by somebody before");
    return replyFrom(answer.body);
  }

  async #patiently(
    method: "GET" | "PUT",
    path: string,
    body: object | null,
    token: string | null,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#once(method, path, body, token, signal);
      const passes = answer.status === 429 || answer.status === 412 || answer.status >= 500;
      if (!passes || attempt >= tries) return answer;
      const said = Number(answer.headers["retry-after"]) * 1_000;
      const pauseMs = Number.isFinite(said) && said > 0 ? Math.min(said, longestPauseMs) : 50 * 4 ** attempt;
      await sleep(pauseMs, undefined, { signal }).catch(() => {
        throw new HoopError("unavailable", "Vault did not answer in time");
      });
    }
  }

  #once(
    method: "GET" | "PUT",
    path: string,
    body: object | null,
    token: string | null,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { address, namespace, ca } = this.#options;
    const url = new URL(`v1/${path}`, address.href.endsWith("/") ? address : new URL(`${address.href}/`));
    const headers = {
      "x-vault-request": "true",
      accept: "application/json",
      ...(token === null ? {} : { "x-vault-token": token }),
      ...(namespace === null ? {} : { "x-vault-namespace": namespace }),
      ...(body === null ? {} : { "content-type": "application/json" }),
    };
    return ask(url, {
      method,
      headers,
      signal,
      ...(body === null ? {} : { body: JSON.stringify(body) }),
      ...(ca === null ? {} : { ca }),
    });
  }

  async #tokenFor(signal: AbortSignal): Promise<string> {
    if (this.#token !== null && this.#token.until > this.#options.now()) return this.#token.text;
    this.#entering ??= this.#enter(signal).finally(() => {
      this.#entering = null;
    });
    return this.#entering;
  }

  async #enter(signal: AbortSignal): Promise<string> {
    const { auth, now } = this.#options;
    if (auth.kind === "token") {
      const text = await fileText(auth.tokenFile);
      // Read again now and then: whoever keeps the token alive may write another.
      this.#token = { text, until: now() + 60_000 };
      return text;
    }
    const body =
      auth.kind === "approle"
        ? { role_id: auth.roleId, secret_id: await fileText(auth.secretIdFile) }
        : { role: auth.role, jwt: await fileText(auth.jwtFile) };
    const answer = await this.#patiently("PUT", `auth/${auth.mount}/login`, body, null, signal);
    if (answer.status !== 200) {
      const { code } = errorFor("Vault", answer.status);
      throw new HoopError(code === "precondition-failed" ? "denied" : code, "Vault does not let the gateway log in");
    }
    const reply = await this.#unwrapped(replyFrom(answer.body), signal);
    const text = reply.auth?.client_token;
    if (typeof text !== "string") throw new HoopError("malformed", "Vault's answer to a login has no token");
    const seconds = typeof reply.auth?.lease_duration === "number" ? reply.auth.lease_duration : 0;
    // A new login well before the old one ends; zero: it never does.
    this.#token = { text, until: seconds > 0 ? now() + (seconds * 1_000 * 2) / 3 : Number.POSITIVE_INFINITY };
    return text;
  }
}

async function fileText(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((cause) => {
    throw new HoopError("precondition-failed", "the file with which the gateway logs in at Vault cannot be read", {
      cause,
    });
  });
  return text.trim();
}

function replyFrom(body: string): VaultReply {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null) return parsed as VaultReply;
  } catch {
    // Told below: the body may hold a secret.
  }
  throw new HoopError("malformed", "Vault's answer cannot be read");
}
