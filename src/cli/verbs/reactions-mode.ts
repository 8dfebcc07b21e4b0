import type { Verb } from "../invocation.js";

/** The verb that puts a reaction into a mode. */
export function setMode(mode: "enforce" | "shadow" | "off"): Verb {
  return async ({ context, args }) => {
    const name = args[0]!;
    const applied = await (await context.api()).put<object>(`/reactions/${encodeURIComponent(name)}/mode`, {
      body: { mode },
      signal: context.signal,
    });
    context.out.result(applied, () => `${name}: ${mode}.`);
  };
}
