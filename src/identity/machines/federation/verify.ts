import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import { HoopError } from "../../../vocabulary/index.js";
import { signatureAlgorithms } from "../../signature-algorithms.js";
import type { IssuerKeys } from "./issuer-keys.js";

const skewSeconds = 30;
/** Workload tokens are for the job at hand. */
const oldest = "1h";
const maxToken = 16_384;

/** Alike for whatever is wrong with a token that nobody trusted has signed. */
export const notTaken = (cause?: unknown) =>
  new HoopError("unauthenticated", "this workload token is not taken here", {
    hint: "is its issuer trusted, its audience this gateway, and is it in time? the gateway's log says more",
    cause,
  });

/** Who says to have signed a token. Nothing of it is believed. */
export function issuerOf(token: string): string {
  if (token.length > maxToken) throw notTaken("too long");
  try {
    const { iss } = decodeJwt(token);
    // Keys are found where the trusted issuer says, never where a token does (RFC 7515, 4.1.2, 4.1.3 and 4.1.5).
    const header = decodeProtectedHeader(token);
    if (typeof iss !== "string" || header.jku !== undefined || header.x5u !== undefined || header.jwk !== undefined)
      throw notTaken("names keys of its own, or no issuer");
    return iss;
  } catch (error) {
    throw error instanceof HoopError ? error : notTaken(error);
  }
}

/**
 * Checks a workload token: signature by the issuer's own keys, issuer, one audience of these and no other, times. Throws HoopError
 * `unauthenticated`, and `unavailable` when the issuer's keys cannot be had.
 */
export async function verifyWorkload(
  token: string,
  { issuer, audiences, keys, now }: { issuer: string; audiences: readonly string[]; keys: IssuerKeys; now: Date },
): Promise<JWTPayload> {
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(token, keys.of(issuer), {
      issuer,
      audience: [...audiences],
      algorithms: signatureAlgorithms,
      clockTolerance: skewSeconds,
      maxTokenAge: oldest,
      requiredClaims: ["exp", "iat", "sub", "aud"],
      currentDate: now,
    }));
  } catch (error) {
    if (error instanceof HoopError) throw error;
    if (error instanceof errors.JOSEError) throw notTaken(error);
    throw notTaken(error);
  }
  // A token for Hoop and another as well could be brought here by that other.
  if (Array.isArray(payload.aud) && payload.aud.length !== 1) throw notTaken("several audiences");
  return payload;
}
