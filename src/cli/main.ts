import { CommanderError } from "commander";
import { type HoopError, hoopErrorFrom } from "../vocabulary/index.js";
import { type CliEnvironment, createContext } from "./context.js";
import { exitCodeOf, exitCodes } from "./exit-codes.js";
import type { Runner } from "./invocation.js";
import { createOutput, type Output, printable } from "./output.js";
import { createProgram } from "./program.js";

/** Runs one command line; answers the exit code. Errors go to stderr: what happened, why, and what to do. */
export async function main(args: readonly string[], env: CliEnvironment): Promise<number> {
  const stopping = new AbortController();
  // The second Ctrl-C ends what does not want to end.
  const stop = (signal: NodeJS.Signals) =>
    stopping.signal.aborted ? process.exit(exitCodes.cancelled.code) : stopping.abort(signal);
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  // `hoop sessions ls | head` is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

  let exitCode: number = exitCodes.ok.code;
  let out: Output | null = null;
  const run: Runner = (load) =>
    async function (...given) {
      const options = this.optsWithGlobals<Record<string, unknown>>();
      out = createOutput({
        json: options.json === true,
        color: options.color === false ? false : undefined,
        interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
      });
      const gateway = typeof options.gateway === "string" ? options.gateway : undefined;
      const context = createContext({ out, env, gateway, signal: stopping.signal });
      const words = given
        .slice(0, this.registeredArguments.length)
        .flat()
        .filter((word) => typeof word === "string");
      exitCode = (await (await load()).run({ context, args: words, options })) ?? exitCodes.ok.code;
    };

  try {
    await createProgram(run, await notesFor(args)).parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
    return report(
      hoopErrorFrom(error),
      error,
      out ?? createOutput({ json: args.includes("--json"), color: undefined, interactive: false }),
      env,
    );
  } finally {
    process.removeListener("SIGINT", stop);
    process.removeListener("SIGTERM", stop);
  }
}

/** The gateway's settings are many and kept with it; they are loaded only to be shown. */
async function notesFor(args: readonly string[]): Promise<{ gateway?: string }> {
  const asked = args.includes("gateway") && args.some((arg) => arg === "--help" || arg === "-h" || arg === "help");
  return asked ? { gateway: (await import("./gateway-settings.js")).gatewaySettingsText() } : {};
}

function report(error: HoopError, thrown: unknown, out: Output, env: CliEnvironment): number {
  if (out.json) process.stderr.write(`${JSON.stringify({ error: error.toJSON() })}\n`);
  else {
    process.stderr.write(`${out.color.red("error:")} ${printable(error.message)}\n`);
    if (error.hint) process.stderr.write(`${out.color.dim("  do:")} ${printable(error.hint)}\n`);
    if (error.code === "internal" && !env.HOOP_DEBUG)
      process.stderr.write(`${out.color.dim("  do:")} set HOOP_DEBUG=1 and try again to see where\n`);
  }
  if (env.HOOP_DEBUG) process.stderr.write(`${printable(String((thrown as Error)?.stack ?? thrown))}\n`);
  return exitCodeOf(error.code);
}
