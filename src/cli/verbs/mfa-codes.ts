import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";
import { withProof } from "../second-factor/prove.js";
import { recoveryCodesText } from "../second-factor/show-totp.js";

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  await confirmOrRefuse(invocation, "Make new recovery codes? The old ones are worth nothing from then on.");
  const api = await context.api();
  const made = await withProof(context, api, () =>
    api.post<{ recoveryCodes: readonly string[] }>("/me/factors/recovery-codes", { signal: context.signal }),
  );
  context.out.result(made, () => recoveryCodesText(made.recoveryCodes));
};
