import type { ApiClient } from "../../client/api-client.js";
import { HoopError } from "../../vocabulary/index.js";
import type { CliContext } from "../context.js";
import { readSecret } from "../read-secret.js";
import type { Factors } from "./shapes.js";

/** Does what needs a fresh proof; asks for the proof where the gateway says that there is none. */
export async function withProof<T>(context: CliContext, api: ApiClient, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HoopError) || error.code !== "precondition-failed") throw error;
    const { signal } = context;
    const factors = await api.get<Factors>("/me/factors", { signal });
    const answer =
      factors.items.length === 0
        ? { password: await readSecret(context, "Your password") }
        : { code: await readCode(context, factors) };
    await api.post("/me/step-up", { body: { answer }, signal });
    return work();
  }
}

/** A code of the authenticator, or a recovery code. */
export async function readCode(
  context: CliContext,
  factors: Pick<Factors, "items" | "recoveryCodes">,
): Promise<string> {
  const totp = factors.items.some(({ kind }) => kind === "totp");
  if (!totp && factors.recoveryCodes === 0)
    throw new HoopError("unsupported", "you have passkeys only, and they work in the browser", {
      hint: "open the console, or add an authenticator there",
    });
  return readSecret(context, totp ? "Code of your authenticator, or a recovery code" : "Recovery code");
}
