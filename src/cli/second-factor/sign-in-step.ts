import type { ApiClient } from "../../client/api-client.js";
import type { IssuedTokens } from "../../client/profile/login-tokens.js";
import { HoopError } from "../../vocabulary/index.js";
import type { CliContext } from "../context.js";
import { readSecret } from "../read-secret.js";
import type { SignInStep, TotpOffer } from "./shapes.js";
import { recoveryCodesText, showTotp } from "./show-totp.js";

const mostTries = 3;

/** The second step of a sign-in in the terminal: a code, or where one is required the making of an authenticator. */
export async function finishSignIn(context: CliContext, api: ApiClient, step: SignInStep): Promise<IssuedTokens> {
  return step.state === "enrol" ? enrolAndSignIn(context, api, step) : answerFactor(context, api, step);
}

async function answerFactor(
  context: CliContext,
  api: ApiClient,
  { pending, methods }: SignInStep,
): Promise<IssuedTokens> {
  const { signal } = context;
  const [totp, recovery] = [methods.includes("totp"), methods.includes("recovery-code")];
  if (!totp && !recovery)
    throw new HoopError("unsupported", "your second factor is a passkey, which works in the browser", {
      hint: "hoop login, without --user",
    });
  if (!totp && methods.includes("passkey"))
    context.out.say("Your passkey works in the browser: hoop login, without --user.");
  const what = totp ? "Code of your authenticator, or a recovery code" : "Recovery code";
  return tried(context, async () =>
    api.post<IssuedTokens>("/login/factor", {
      body: { pending, answer: { code: await readSecret(context, what) } },
      signal,
    }),
  );
}

async function enrolAndSignIn(context: CliContext, api: ApiClient, { pending }: SignInStep): Promise<IssuedTokens> {
  const { out, signal } = context;
  out.say("You need a second factor here, and have none yet.");
  const offer = await api.post<TotpOffer>("/login/enrol/totp", { body: { pending }, signal });
  await showTotp(context, offer);
  const issued = await tried(context, async () => {
    const code = await readSecret(context, "The six digits that it shows");
    return api.post<IssuedTokens & { recoveryCodes?: readonly string[] | null }>("/login/enrol", {
      body: { pending, factor: { totp: offer.id, code } },
      signal,
    });
  });
  if (issued.recoveryCodes) {
    if (out.json) out.event({ event: "recovery-codes", recoveryCodes: issued.recoveryCodes });
    else out.say(`${recoveryCodesText(issued.recoveryCodes)}\n`);
  }
  return issued;
}

/** Asks a person again when the code was wrong; a program is refused at once. */
async function tried<T>({ out }: CliContext, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const wrong = error instanceof HoopError && error.code === "unauthenticated";
      if (!wrong || !out.interactive || tries >= mostTries || error.message === "this sign-in is over") throw error;
      out.say(`${error.message}${error.hint === undefined ? "" : `: ${error.hint}`}`);
    }
  }
}
