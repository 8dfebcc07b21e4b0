import { HoopError } from "../../vocabulary/index.js";
import { confirm } from "../ask.js";
import { boundsFrom, boundsWords } from "../bounds-options.js";
import { durationFrom, durationWords } from "../duration.js";
import { flag, text, type Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const machine = args[0]!;
  const lifeMs = durationFrom(text(invocation, "for") ?? "2h", "--for");
  const bounds = boundsFrom(invocation);
  const { out, signal } = context;
  if (out.interactive && !flag(invocation, "yes")) {
    const limits = boundsWords(bounds) || "everything that both of you may do";
    const question = `Let ${machine} act for you for ${durationWords(lifeMs)} (${limits})? What it does carries your name, too.`;
    if (!(await confirm(question, signal))) throw new HoopError("cancelled", "nothing was changed");
  }
  const body = { machine, expiresInSeconds: Math.floor(lifeMs / 1_000), bounds };
  const made = await (await context.api()).post<{ readonly id: string }>("/delegations", { body, signal });
  out.result(
    made,
    () =>
      `${machine} may act for you for ${durationWords(lifeMs)}. To end it: hoop delegate end ${made.id.slice(0, 8)}`,
  );
};
