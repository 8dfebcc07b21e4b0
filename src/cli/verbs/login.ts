import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiClient } from "../../client/api-client.js";
import { type IssuedTokens, renewed } from "../../client/profile/login-tokens.js";
import { lookAtGateway } from "../../client/profile/trust.js";
import { HoopError } from "../../vocabulary/index.js";
import { confirm } from "../ask.js";
import { type CliContext, readAuthority } from "../context.js";
import { type Invocation, text, type Verb } from "../invocation.js";
import { readSecret } from "../read-secret.js";
import type { SignInStep } from "../second-factor/shapes.js";
import { finishSignIn } from "../second-factor/sign-in-step.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const url = gatewayUrl(
    args[0] ?? context.env.HOOP_GATEWAY ?? text(invocation, "gateway") ?? context.store.read().current ?? undefined,
  );
  const ca = await authorityFor(url, invocation);
  const api = new ApiClient({ url, ca });
  const name = text(invocation, "user");
  const issued = name === undefined ? await byDevice(api, invocation) : await byPassword(api, name, invocation);
  const uid = ownerUid(context);
  const login = renewed({ url: url.origin, uid, ca }, issued);
  await context.store.save(login);
  const done = { gateway: login.url, subject: login.subject };
  // Behind the event with the code another document would make the whole unreadable.
  if (context.out.json && name === undefined) context.out.event({ event: "logged-in", ...done });
  else context.out.result(done, () => `Logged in at ${login.url} as ${login.subject}.`);
};

/** A host alone is meant as https. */
function gatewayUrl(given: string | undefined): URL {
  if (given === undefined)
    throw new HoopError("invalid", "which gateway?", { hint: "hoop login https://your-gateway.example.com" });
  const whole = given.includes("://") ? given : `https://${given}`;
  if (!URL.canParse(whole))
    throw new HoopError("invalid", `${JSON.stringify(given)} is not an address of a gateway`, {
      hint: "write https://your-gateway.example.com",
    });
  const url = new URL(whole);
  const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === "http:" && !loopback) {
    throw new HoopError("denied", `a login over plain http would show your token to the network`, {
      hint: `use https://${url.host}`,
    });
  }
  return url;
}

async function authorityFor(url: URL, invocation: Invocation): Promise<string | undefined> {
  const { context } = invocation;
  const file = text(invocation, "ca") ?? context.env.HOOP_CA;
  if (file !== undefined) return readAuthority(file);
  const trust = await lookAtGateway(url);
  if (trust.kind === "public") return undefined;
  const known = context.store.find(url.origin)?.ca;
  if (known !== undefined && known.trim() === trust.ca.trim()) return known;
  const wanted = text(invocation, "caFingerprint");
  if (wanted !== undefined) {
    if (
      wanted
        .toLowerCase()
        .replaceAll(/[^0-9a-f]/g, "")
        .endsWith(trust.fingerprint.slice(7)) &&
      wanted.length >= 64
    )
      return trust.ca;
    throw new HoopError("denied", `the gateway's authority has another fingerprint: ${trust.fingerprint}`, {
      hint: "somebody may stand between; compare with `hoop ca --fingerprint` on the gateway",
    });
  }
  const changed = known === undefined ? "" : "It is NOT the one that was accepted before. ";
  const question = `${url.host} vouches for itself. ${changed}Its authority has the fingerprint\n  ${trust.fingerprint}\nIs that what your admin told you?`;
  if (context.out.interactive && (await confirm(question, context.signal))) return trust.ca;
  throw new HoopError("denied", `the authority of ${url.host} was not accepted (${trust.fingerprint})`, {
    hint: "give it with --ca FILE, or say --ca-fingerprint after you compared it with `hoop ca --fingerprint` on the gateway",
  });
}

async function byPassword(api: ApiClient, name: string, invocation: Invocation): Promise<IssuedTokens> {
  const { context } = invocation;
  const provider = text(invocation, "provider");
  const password = await readSecret(context, `Password of ${name}${provider === undefined ? "" : ` at ${provider}`}`);
  const answer = await api.post<IssuedTokens | SignInStep>("/login", {
    body: { name, password, as: "tokens", ...(provider === undefined ? {} : { provider }) },
    signal: context.signal,
  });
  const issued = "accessToken" in answer ? answer : await finishSignIn(context, api, answer);
  for (const notice of (issued as { notices?: readonly string[] }).notices ?? []) context.out.warn(notice);
  return issued;
}

interface DeviceStart {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

async function byDevice(api: ApiClient, invocation: Invocation): Promise<IssuedTokens> {
  const { context, options } = invocation;
  const { out, signal } = context;
  const start = await api.post<DeviceStart>("/login/device", {
    body: { client: `hoop on ${hostname()}`.slice(0, 120) },
    signal,
  });
  const complete = throughProvider(start.verification_uri_complete, text(invocation, "provider"));
  if (out.json) out.event({ event: "code", url: start.verification_uri, code: start.user_code, complete });
  out.say(`Open ${out.color.cyan(start.verification_uri)} and type the code ${out.color.bold(start.user_code)}`);
  if (out.interactive && options.browser !== false && sameGateway(complete)) {
    const { default: open } = await import("open");
    await open(complete).catch(() => {});
  }
  const deadline = Date.now() + Math.min(start.expires_in, 3_600) * 1_000;
  let wait = Math.max(1, Math.min(start.interval, 60)) * 1_000;
  while (Date.now() < deadline) {
    await sleep(wait, undefined, { signal }).catch(() => {
      throw new HoopError("cancelled", "the login was cancelled");
    });
    const answer = await api.post<IssuedTokens | { readonly state: string }>("/login/token", {
      body: { deviceCode: start.device_code },
      signal,
    });
    if ("accessToken" in answer) return answer;
    if (answer.state === "slow-down") wait += 2_000;
  }
  throw new HoopError("timeout", "nobody answered in the browser", { hint: "run hoop login again" });
}

/** By way of the provider's sign-in page, and from there to the code. */
function throughProvider(page: string, provider: string | undefined): string {
  if (provider === undefined || !URL.canParse(page)) return page;
  const { pathname, search } = new URL(page);
  const start = new URL(`/api/v1/login/providers/${encodeURIComponent(provider)}/start`, page);
  start.searchParams.set("to", pathname + search);
  return start.href;
}

/** Only a web address is opened: what the gateway names must not start another program. */
function sameGateway(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}

/** Whose programs may use a tunnel of this login: who really sits there, also under sudo. */
function ownerUid({ env }: CliContext): number | null {
  const uid = process.getuid?.();
  if (uid === undefined) return null;
  return uid === 0 && env.SUDO_UID && /^\d+$/.test(env.SUDO_UID) ? Number(env.SUDO_UID) : uid;
}
