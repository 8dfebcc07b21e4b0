import { HoopError } from "../vocabulary/index.js";
import type { CliContext } from "./context.js";

const maxSecret = 16 * 1024;

// What came after the lines that were taken already.
let rest = "";
let ended = false;

/**
 * A secret: typed at the terminal without showing it, or the next line of stdin. Never from the command line, which all users of a machine can read.
 */
export async function readSecret(context: CliContext, what: string): Promise<string> {
  if (context.out.interactive) {
    const prompts = await import("@clack/prompts");
    const answer = await prompts.password({ message: what, signal: context.signal });
    if (prompts.isCancel(answer)) throw new HoopError("cancelled", "cancelled");
    return answer ?? "";
  }
  if (process.stdin.isTTY)
    throw new HoopError("invalid", `${what} cannot be asked for here`, { hint: "pass it on stdin" });
  const line = await nextLine(what, context.signal);
  if (line === "")
    throw new HoopError("invalid", `${what} is not on stdin`, { hint: "pass it as a line of its own: … < file" });
  return line;
}

/** A line as soon as it is there: a program may write the next one after it has seen what this one led to. */
async function nextLine(what: string, signal: AbortSignal): Promise<string> {
  const { stdin } = process;
  stdin.setEncoding("utf8");
  while (!rest.includes("\n") && !ended) {
    const chunk: string | null = stdin.read();
    if (chunk === null) await moreOrEnd(signal);
    else rest += chunk;
    if (rest.length > maxSecret)
      throw new HoopError("too-large", `${what} on stdin is longer than ${maxSecret} characters`);
  }
  // Nothing more is asked of it for now: a writer that never closes it keeps no process alive.
  stdin.pause();
  (stdin as { unref?: () => void }).unref?.();
  const at = rest.indexOf("\n");
  const line = at < 0 ? rest : rest.slice(0, at);
  rest = at < 0 ? "" : rest.slice(at + 1);
  return line.replace(/\r$/, "");
}

function moreOrEnd(signal: AbortSignal): Promise<void> {
  const { stdin } = process;
  (stdin as { ref?: () => void }).ref?.();
  return new Promise((resolve, reject) => {
    const done = (): void => {
      stdin.off("readable", done).off("end", over).off("error", over).off("close", over);
      signal.removeEventListener("abort", cancelled);
      resolve();
    };
    const over = (): void => {
      ended = true;
      done();
    };
    const cancelled = (): void => {
      reject(new HoopError("cancelled", "cancelled"));
      done();
    };
    stdin.on("readable", done).on("end", over).on("error", over).on("close", over);
    signal.addEventListener("abort", cancelled, { once: true });
    if (stdin.readableEnded || stdin.destroyed) over();
    if (signal.aborted) cancelled();
  });
}
