import { setTimeout as sleep } from "node:timers/promises";
import { Secret, TOTP } from "otpauth";
import type { App } from "../../src/api/index.js";
import { SoftAuthenticator } from "../support/soft-authenticator.js";
import { bearer, call, password, type Tokens } from "./support.js";

export interface Step {
  readonly state: "factor" | "enrol";
  readonly pending: string;
  readonly methods: readonly string[];
}

/** Where passkeys of these tests belong. */
export const local = { host: "localhost:7480" };
export const origin = "http://localhost:7480";

/**
 * The code of a moment so many steps from now. Near the end of a step it waits for the next, so that a test does not straddle it;
 * `marginMs`: how long it may take until the code is looked at.
 */
export async function codeOf(secret: string, steps = 0, marginMs = 4_000): Promise<string> {
  const left = 30_000 - (Date.now() % 30_000);
  if (left < marginMs) await sleep(left + 50);
  return TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: Date.now() + steps * 30_000 });
}

/** The first step: what POST /login answers. */
export const knock = (app: App, name: string, more: Record<string, unknown> = {}) =>
  call<Step & Tokens>(app, "POST", "/api/v1/login", { name, password, ...more });

export const answerFactor = (app: App, pending: string, answer: Record<string, unknown>) =>
  call<Tokens & { notices: string[]; recoveryCodes?: string[] }>(app, "POST", "/api/v1/login/factor", {
    pending,
    answer,
  });

/** Signs in with a code of the authenticator or a recovery code. */
export async function signInWith(app: App, name: string, code: string): Promise<Tokens> {
  const { body } = await knock(app, name);
  const answered = await answerFactor(app, body.pending, { code });
  if (answered.status !== 200) throw new Error(`answered ${answered.status}: ${JSON.stringify(answered.body)}`);
  return answered.body;
}

export interface WithTotp {
  readonly tokens: Tokens;
  readonly headers: Record<string, string>;
  readonly secret: string;
  readonly factor: string;
  readonly recoveryCodes: readonly string[];
}

/** Enrols an authenticator for somebody who has nothing yet; the code before this moment's is used up by it. */
export async function enrolTotp(app: App, name: string): Promise<WithTotp> {
  const { body: tokens } = await knock(app, name);
  const headers = bearer(tokens);
  const offer = await call<{ id: string; secret: string; uri: string; qr: string }>(
    app,
    "POST",
    "/api/v1/me/factors/totp",
    undefined,
    headers,
  );
  if (offer.status !== 200) throw new Error(`offered ${offer.status}: ${JSON.stringify(offer.body)}`);
  const { id, secret } = offer.body;
  const confirmed = await call<{ recoveryCodes: string[] }>(
    app,
    "POST",
    `/api/v1/me/factors/totp/${id}`,
    { code: await codeOf(secret, -1) },
    headers,
  );
  if (confirmed.status !== 200) throw new Error(`confirmed ${confirmed.status}: ${JSON.stringify(confirmed.body)}`);
  return { tokens, headers, secret, factor: id, recoveryCodes: confirmed.body.recoveryCodes };
}

interface PasskeyOptions {
  readonly challenge: string;
  readonly [more: string]: unknown;
}

let asked = 0;

/** From an address of its own, so that the limit of requests an address is not what a test meets. */
export async function callFromAnywhere<T = Record<string, unknown>>(
  app: App,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly body: T }> {
  asked += 1;
  const response = await app.inject({
    method: "POST",
    url: path,
    headers,
    remoteAddress: `198.51.${asked >> 8}.${asked & 255}`,
    ...(body === undefined ? {} : { payload: body as object }),
  });
  return { status: response.statusCode, body: response.json() as T };
}

export const passkeyOptions = (app: App, path: string, body: unknown, headers: Record<string, string> = {}) =>
  callFromAnywhere<PasskeyOptions>(app, path, body, { ...local, ...headers });

/** Adds a passkey to somebody whose login is fresh. */
export async function enrolPasskey(app: App, headers: Record<string, string>): Promise<SoftAuthenticator> {
  const key = new SoftAuthenticator(origin);
  const options = await passkeyOptions(app, "/api/v1/me/factors/passkeys/options", undefined, headers);
  const added = await callFromAnywhere(
    app,
    "/api/v1/me/factors/passkeys",
    { name: "Laptop", passkey: key.create(options.body) },
    headers,
  );
  if (added.status !== 200) throw new Error(`adding a passkey answered ${added.status}: ${JSON.stringify(added.body)}`);
  return key;
}
