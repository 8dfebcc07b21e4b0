import { flag, type Verb } from "../invocation.js";
import { readSecret } from "../read-secret.js";
import { withProof } from "../second-factor/prove.js";
import type { Enrolled, TotpOffer } from "../second-factor/shapes.js";
import { recoveryCodesText, showTotp } from "../second-factor/show-totp.js";

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const { out, signal } = context;
  const api = await context.api();
  if (flag(invocation, "passkey")) {
    const page = new URL("/profile", (await context.way()).url).href;
    if (out.interactive) {
      const { default: open } = await import("open");
      await open(page).catch(() => {});
    }
    return out.result({ url: page }, () => `Passkeys are made in the browser: ${page}`);
  }
  const offer = await withProof(context, api, () => api.post<TotpOffer>("/me/factors/totp", { signal }));
  await showTotp(context, offer);
  const code = await readSecret(context, "The six digits that it shows");
  const enrolled = await withProof(context, api, () =>
    api.post<Enrolled>(`/me/factors/totp/${offer.id}`, { body: { code }, signal }),
  );
  if (out.json) return out.event({ event: "enrolled", ...enrolled });
  out.result(enrolled, () =>
    [
      "Your authenticator is set up.",
      ...(enrolled.recoveryCodes ? ["", recoveryCodesText(enrolled.recoveryCodes)] : []),
    ].join("\n"),
  );
};
