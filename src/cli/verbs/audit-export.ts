import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { HoopError } from "../../vocabulary/index.js";
import { text, type Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const output = text(invocation, "output");
  const response = await (await context.api()).stream("/audit/export", { signal: context.signal });
  try {
    await pipeline(response, output === undefined ? process.stdout : createWriteStream(output, { mode: 0o600 }), {
      signal: context.signal,
    });
  } catch (cause) {
    if (context.signal.aborted)
      throw new HoopError("cancelled", "the export was stopped: what was written is not whole");
    throw new HoopError("unavailable", "the export was cut: what was written is not whole", {
      hint: "run it again",
      cause,
    });
  }
  if (output !== undefined)
    context.out.result(
      { file: output },
      () => `Written to ${output}. Check it: hoop audit verify ${output} --key FILE`,
    );
};
