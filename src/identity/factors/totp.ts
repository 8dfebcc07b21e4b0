import { Secret, TOTP } from "otpauth";

/** RFC 6238 as every authenticator knows it: SHA-1, six digits, thirty seconds. */
const shape = { algorithm: "SHA1", digits: 6, period: 30 } as const;
const issuer = "Hoop";

/** Clocks may be one step apart, either way. */
const drift = 1;

/** 160 random bits in base32, as RFC 4226 recommends. */
export function mintTotpSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** What an authenticator reads from the picture. */
export function totpUri(secret: string, account: string): string {
  return new TOTP({ ...shape, issuer, label: account, secret }).toString();
}

/** The step that a code belongs to, if it is one of this moment; whether the step was used is the store's to say. */
export function totpStep(secret: string, code: string, now: number): number | null {
  if (!/^\d{6}$/.test(code)) return null;
  const delta = TOTP.validate({
    ...shape,
    secret: Secret.fromBase32(secret),
    token: code,
    timestamp: now,
    window: drift,
  });
  return delta === null ? null : Math.floor(now / 1_000 / shape.period) + delta;
}
