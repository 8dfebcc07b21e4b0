import {
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
  WebAuthnError,
} from "@simplewebauthn/browser";
import { Problem } from "../api/problem.js";

/** Whether passkeys can work here at all: browsers know none for an address without a name. */
export function passkeysWork(): boolean {
  return "PublicKeyCredential" in window && !/^(\d+(\.\d+){3}|\[.*\])$/.test(location.hostname);
}

/** Has the browser ask for a passkey. Throws `Problem`. */
export async function askPasskey(options: unknown): Promise<unknown> {
  return inOurWords(() => startAuthentication({ optionsJSON: options as PublicKeyCredentialRequestOptionsJSON }));
}

/** Has the browser make a passkey. Throws `Problem`. */
export async function makePasskey(options: unknown): Promise<unknown> {
  return inOurWords(() => startRegistration({ optionsJSON: options as PublicKeyCredentialCreationOptionsJSON }));
}

async function inOurWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WebAuthnError && error.code === "ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED")
      throw new Problem(0, "conflict", "this device has a passkey for you already");
    const name = error instanceof Error ? (error.cause instanceof Error ? error.cause.name : error.name) : "";
    if (name === "NotAllowedError" || name === "AbortError")
      throw new Problem(0, "cancelled", "no passkey was used", "try again, or use another factor");
    if (name === "SecurityError")
      throw new Problem(
        0,
        "unsupported",
        "passkeys do not work at this address",
        "open the console under its own name",
      );
    throw new Problem(0, "unsupported", "the browser could not use a passkey", "try another factor or browser");
  }
}
