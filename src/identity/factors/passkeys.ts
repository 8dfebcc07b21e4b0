import { createHash, randomBytes, randomUUID } from "node:crypto";
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/server";
import { HoopError, type Subject, type SubjectId } from "../../vocabulary/index.js";
import type { Ceremony, FactorStore, PasskeyDraft, StoredPasskey } from "./store.js";

/** Where the browser is: what passkeys are bound to. */
export interface Site {
  /** `https://hoop.example.com` */
  readonly origin: string;
  /** Its host name. */
  readonly rpId: string;
}

/** What a browser answered; judged whole before anything of it is believed. */
export interface PasskeyAnswer {
  readonly id: string;
  readonly rawId: string;
  readonly type: "public-key";
  readonly response: Readonly<Record<string, unknown>>;
  readonly clientExtensionResults: Readonly<Record<string, unknown>>;
  readonly authenticatorAttachment?: string | undefined;
}

export type RegistrationOptions = PublicKeyCredentialCreationOptionsJSON;
export type AuthenticationOptions = PublicKeyCredentialRequestOptionsJSON;

/** The two ceremonies of WebAuthn: a challenge is good once, for one purpose, one site and where it is known one person. */
export interface Passkeys {
  registrationOptions(subject: Subject, bound: string, site: Site): Promise<RegistrationOptions>;
  /** Throws HoopError `unauthenticated`. */
  registered(subject: Subject, bound: string, answer: PasskeyAnswer): Promise<Omit<PasskeyDraft, "name">>;
  /** `subject` null: the browser offers whichever passkeys it has for this site. */
  authenticationOptions(
    purpose: Exclude<Ceremony["purpose"], "register">,
    subject: SubjectId | null,
    bound: string,
    site: Site,
  ): Promise<AuthenticationOptions>;
  /** Whose passkey answered. Throws HoopError `unauthenticated`, with the same words whatever was wrong. */
  authenticated(
    purpose: Exclude<Ceremony["purpose"], "register">,
    subject: SubjectId | null,
    bound: string,
    answer: PasskeyAnswer,
  ): Promise<StoredPasskey>;
}

/** Hundreds of files, loaded with the first ceremony: a gateway starts without them. */
const webauthn = () => import("@simplewebauthn/server");

const lifeMs = 5 * 60_000;
// EdDSA, ES256, RS256: what browsers and keys have.
const algorithms = [-8, -7, -257];

const refused = (cause?: unknown) =>
  new HoopError("unauthenticated", "the passkey was not accepted", { cause, hint: "try again, or use another factor" });

export function createPasskeys({ store, now }: { store: FactorStore; now: () => number }): Passkeys {
  async function keep(ceremony: Ceremony): Promise<string> {
    const challenge = randomBytes(32).toString("base64url");
    await store.keepCeremony(hashOf(challenge), ceremony, new Date(now() + lifeMs));
    return challenge;
  }

  /** The ceremony that an answer belongs to. Taken away first: whatever is wrong with it, it is not tried again. */
  async function ceremonyOf(answer: PasskeyAnswer, wanted: Pick<Ceremony, "purpose" | "subject" | "bound">) {
    const challenge = challengeIn(answer);
    const ceremony = challenge === null ? null : await store.takeCeremony(hashOf(challenge));
    if (challenge === null || ceremony === null) throw refused();
    const same =
      ceremony.purpose === wanted.purpose && ceremony.subject === wanted.subject && ceremony.bound === wanted.bound;
    if (!same) throw refused();
    return { ...ceremony, challenge };
  }

  return {
    async registrationOptions(subject, bound, site) {
      const known = await store.passkeys(subject.id);
      const challenge = await keep({ purpose: "register", subject: subject.id, bound, ...site });
      const { generateRegistrationOptions } = await webauthn();
      return generateRegistrationOptions({
        rpName: "Hoop",
        rpID: site.rpId,
        userName: subject.name,
        userDisplayName: subject.name,
        userID: Uint8Array.from(userHandle(subject.id)),
        challenge: Uint8Array.from(Buffer.from(challenge, "base64url")),
        timeout: lifeMs,
        attestationType: "none",
        excludeCredentials: known.filter(({ rpId }) => rpId === site.rpId).map(descriptor),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        supportedAlgorithmIDs: algorithms,
      });
    },

    async registered(subject, bound, answer) {
      const { challenge, origin, rpId } = await ceremonyOf(answer, { purpose: "register", subject: subject.id, bound });
      const { verifyRegistrationResponse } = await webauthn();
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        response: answer as unknown as RegistrationResponseJSON,
        expectedChallenge: challenge,
        expectedOrigin: origin,
        expectedRPID: rpId,
        requireUserVerification: true,
        supportedAlgorithmIDs: algorithms,
      }).catch((error: unknown) => {
        throw refused(error);
      });
      if (!verified) throw refused();
      const { credential, credentialBackedUp } = registrationInfo;
      return {
        id: randomUUID(),
        subject: subject.id,
        credentialId: Buffer.from(credential.id, "base64url"),
        publicKey: Buffer.from(credential.publicKey),
        counter: credential.counter,
        transports: (credential.transports ?? []).filter((text) => /^[a-z-]{1,20}$/.test(text)).slice(0, 8),
        rpId,
        backedUp: credentialBackedUp,
      };
    },

    async authenticationOptions(purpose, subject, bound, site) {
      const known = subject === null ? [] : await store.passkeys(subject);
      const allowed = known.filter(({ rpId }) => rpId === site.rpId);
      if (subject !== null && allowed.length === 0)
        throw new HoopError("precondition-failed", `you have no passkey for ${site.rpId}`, {
          hint: "use a code of your authenticator or a recovery code",
        });
      const challenge = await keep({ purpose, subject, bound, ...site });
      const { generateAuthenticationOptions } = await webauthn();
      return generateAuthenticationOptions({
        rpID: site.rpId,
        challenge: Uint8Array.from(Buffer.from(challenge, "base64url")),
        timeout: lifeMs,
        userVerification: "required",
        ...(subject === null ? {} : { allowCredentials: allowed.map(descriptor) }),
      });
    },

    async authenticated(purpose, subject, bound, answer) {
      const { challenge, origin, rpId } = await ceremonyOf(answer, { purpose, subject, bound });
      const passkey = await store.passkey(Buffer.from(answer.id, "base64url"));
      if (passkey === null || passkey.rpId !== rpId || !(subject === null || passkey.subject === subject))
        throw refused();
      const handle = answer.response.userHandle;
      // Where nobody said who they are, the authenticator does: it must name the one whose key it is.
      if (
        subject === null ? handle !== handleText(passkey.subject) : !(handle == null || handle === handleText(subject))
      )
        throw refused();
      const { verifyAuthenticationResponse } = await webauthn();
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response: answer as unknown as AuthenticationResponseJSON,
        expectedChallenge: challenge,
        expectedOrigin: origin,
        expectedRPID: rpId,
        requireUserVerification: true,
        credential: {
          id: passkey.credentialId.toString("base64url"),
          publicKey: Uint8Array.from(passkey.publicKey),
          counter: passkey.counter,
        },
      }).catch((error: unknown) => {
        throw refused(error);
      });
      if (!verified || !authenticationInfo.userVerified) throw refused();
      // The store has the last word on the counter: of two answers of one moment the second may be a copy's.
      if (!(await store.usePasskey(passkey.id, authenticationInfo.newCounter, authenticationInfo.credentialBackedUp)))
        throw refused();
      return passkey;
    },
  };
}

function hashOf(challenge: string): Buffer {
  return createHash("sha256").update(`hoop webauthn\0${challenge}`).digest();
}

/** The challenge that the browser says it signed. Whether it did is verified later; here it only finds what to compare with. */
function challengeIn(answer: PasskeyAnswer): string | null {
  try {
    const text = Buffer.from(String(answer.response.clientDataJSON), "base64url").toString("utf8");
    const data = JSON.parse(text) as { challenge?: unknown; crossOrigin?: unknown };
    // A page in another site's frame is not this site.
    if (data.crossOrigin === true) return null;
    return typeof data.challenge === "string" && /^[A-Za-z0-9_-]{43}$/.test(data.challenge) ? data.challenge : null;
  } catch {
    return null;
  }
}

function userHandle(subject: SubjectId): Buffer {
  return Buffer.from(subject.replaceAll("-", ""), "hex");
}

function handleText(subject: SubjectId): string {
  return userHandle(subject).toString("base64url");
}

function descriptor(passkey: StoredPasskey): { id: string; transports: string[] } {
  return { id: passkey.credentialId.toString("base64url"), transports: [...passkey.transports] };
}
