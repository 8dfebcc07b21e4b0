import { z } from "zod";
import type { Enrolled, TotpOffer } from "../identity/index.js";
import { iso, timeSchema } from "./schemas.js";

const base64url = z
  .string()
  .max(4_096)
  .regex(/^[A-Za-z0-9_-]*$/);

/** What `navigator.credentials` answered, in WebAuthn's own JSON; what is in it is judged by the ceremony. */
export const passkeyAnswerSchema = z
  .object({
    id: base64url.min(1),
    rawId: base64url.min(1),
    type: z.literal("public-key"),
    response: z
      .object({
        clientDataJSON: base64url,
        authenticatorData: base64url.optional(),
        signature: base64url.optional(),
        userHandle: base64url.nullish(),
        attestationObject: z.string().max(65_536).optional(),
        transports: z.array(z.string().max(32)).max(16).optional(),
        publicKeyAlgorithm: z.number().int().optional(),
        publicKey: base64url.optional(),
      })
      .describe("AuthenticatorAttestationResponseJSON or AuthenticatorAssertionResponseJSON of WebAuthn level 3."),
    clientExtensionResults: z.record(z.string().max(64), z.unknown()).default({}),
    authenticatorAttachment: z.string().max(32).optional(),
  })
  .meta({ id: "PasskeyAnswer", description: "The answer of navigator.credentials, as JSON." });

/** WebAuthn's own options, for `navigator.credentials`. */
export const passkeyOptionsSchema = z
  .looseObject({ challenge: z.string() })
  .meta({ id: "PasskeyOptions", description: "For navigator.credentials: options of WebAuthn level 3, as JSON." });

export const codeSchema = z
  .string()
  .min(1)
  .max(64)
  .describe("Six digits of the authenticator, or a recovery code; each is good once.");

export const factorAnswerSchema = z.union([
  z.strictObject({ code: codeSchema }),
  z.strictObject({ passkey: passkeyAnswerSchema }),
]);

export const factorSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(["totp", "passkey"]),
    name: z.string(),
    createdAt: timeSchema,
    lastUsedAt: timeSchema.nullable(),
    synced: z.boolean().nullable().describe("Whether a passkey is synchronised between devices."),
    site: z.string().nullable().describe("The host name that a passkey works for."),
  })
  .meta({ id: "Factor" });

export const totpOfferSchema = z.object({
  id: z.uuid(),
  secret: z.string().describe("Base32, for typing. Shown once."),
  uri: z.string().describe("otpauth://…, what the picture holds."),
  qr: z.string().describe("The picture, as a data URL."),
  expires: timeSchema,
});

export const enrolledSchema = z.object({
  factor: z.object({ id: z.uuid(), kind: z.enum(["totp", "passkey"]), name: z.string() }),
  recoveryCodes: z.array(z.string()).nullable().describe("With the first factor; shown once."),
});

export async function totpOfferOf(offer: TotpOffer): Promise<z.infer<typeof totpOfferSchema>> {
  const { id, secret, uri, expires } = offer;
  const { toDataURL } = await import("qrcode");
  return { id, secret, uri, qr: await toDataURL(uri, { margin: 2, width: 232 }), expires: iso(expires) };
}

export function enrolledOf({ factor, recoveryCodes }: Enrolled): z.infer<typeof enrolledSchema> {
  return { factor, recoveryCodes: recoveryCodes === null ? null : [...recoveryCodes] };
}
