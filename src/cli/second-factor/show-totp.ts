import { toString as qrText } from "qrcode";
import type { CliContext } from "../context.js";
import type { TotpOffer } from "./shapes.js";

/** The picture as blocks, for a terminal's light letters on a dark ground, and the secret for those who type it. */
export async function showTotp({ out }: CliContext, offer: TotpOffer): Promise<void> {
  if (out.json) {
    out.event({ event: "totp", id: offer.id, secret: offer.secret, uri: offer.uri });
    return;
  }
  const blocks = await qrText(offer.uri, { type: "utf8", margin: 2, color: { dark: "#ffffff", light: "#000000" } });
  out.say(`Scan this with your authenticator:\n\n${blocks}\n`);
  out.say(`or type its secret: ${(offer.secret.match(/.{1,4}/g) ?? []).join(" ")}\n`);
}

/** Recovery codes, shown once. */
export function recoveryCodesText(codes: readonly string[]): string {
  return [
    "Recovery codes. Each is good once, in place of your second factor. They are not shown again: keep them where your telephone is not.",
    "",
    ...codes.map((code) => `  ${code}`),
  ].join("\n");
}
