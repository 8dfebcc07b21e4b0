import { HoopError } from "../vocabulary/index.js";

/** Asks yes or no at the terminal. Throws `cancelled` on Ctrl-C. */
export async function confirm(question: string, signal?: AbortSignal): Promise<boolean> {
  const prompts = await import("@clack/prompts");
  const answer = await prompts.confirm({ message: question, initialValue: false, ...(signal ? { signal } : {}) });
  if (prompts.isCancel(answer)) throw new HoopError("cancelled", "cancelled");
  return answer;
}
