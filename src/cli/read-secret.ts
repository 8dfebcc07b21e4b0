import { HoopError } from "../vocabulary/index.js";
import type { CliContext } from "./context.js";

const maxSecret = 16 * 1024;

/** A secret: typed at the terminal without showing it, or the first line of stdin. Never from the command line, which all users of a machine can read. */
export async function readSecret(context: CliContext, what: string): Promise<string> {
  if (context.out.interactive) {
    const prompts = await import("@clack/prompts");
    const answer = await prompts.password({ message: what, signal: context.signal });
    if (prompts.isCancel(answer)) throw new HoopError("cancelled", "cancelled");
    return answer ?? "";
  }
  if (process.stdin.isTTY)
    throw new HoopError("invalid", `${what} cannot be asked for here`, { hint: "pass it on stdin" });
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    text += chunk;
    if (text.length > maxSecret)
      throw new HoopError("too-large", `${what} on stdin is longer than ${maxSecret} characters`);
  }
  const line = text.split(/\r?\n/, 1)[0] ?? "";
  if (line === "")
    throw new HoopError("invalid", `${what} is not on stdin`, { hint: "pass it as the first line: … < file" });
  return line;
}
