import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { type VerifyReport, verifyExport } from "../../recording/verify.js";
import { HoopError } from "../../vocabulary/index.js";
import { exitCodes } from "../exit-codes.js";
import { text, type Verb } from "../invocation.js";
import type { Output } from "../output.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const file = args[0]!;
  const keyFile = text(invocation, "key")!;
  const headsFile = text(invocation, "heads");
  const publicKey = await readFile(keyFile, "utf8").catch((cause) => {
    throw new HoopError("invalid", `${keyFile} cannot be read`, {
      hint: "`hoop audit key` prints the key; pin it before you need it",
      cause,
    });
  });
  const report = await verifyExport(linesOf(file), {
    publicKey,
    heads: headsFile === undefined ? undefined : linesOf(headsFile),
  });
  context.out.result(report, () => shown(report, context.out));
  return report.ok ? exitCodes.ok.code : exitCodes.finding.code;
};

async function* linesOf(file: string): AsyncGenerator<string> {
  let failure: Error | null = null;
  const failed = (error: Error): void => {
    failure ??= error;
    lines.close();
  };
  const input: NodeJS.ReadableStream = file === "-" ? process.stdin : createReadStream(file);
  input.on("error", failed);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  // It passes the errors of its input on, as its own.
  lines.on("error", failed);
  yield* lines;
  if (failure) throw new HoopError("invalid", `${file} cannot be read`, { cause: failure });
}

function shown(report: VerifyReport, { color }: Output): string {
  if (!report.ok) {
    const { fault } = report;
    return `${color.red("NOT IN ORDER")}: ${fault?.text ?? "no reason given"} (${fault?.code})\n${report.entries} entries before it are in order.`;
  }
  const chains = report.chains.map(
    ({ chain, entries, provenThrough }) => `  chain ${chain}: ${entries} entries, signed up to ${provenThrough}`,
  );
  const unsigned =
    report.unsigned > 0 ? [`  ${report.unsigned} entries at the ends are linked, but not signed yet.`] : [];
  const anchored = report.anchored
    ? []
    : [
        `  ${color.yellow("No head from elsewhere was given")}: an end that was cut off as a whole cannot be noticed (--heads).`,
      ];
  return [
    `${color.green("In order")}: ${counted(report.entries, "entry", "entries")} in ${counted(report.chains.length, "chain")}, ${report.payloads} sealed parts.`,
    ...chains,
    ...unsigned,
    ...anchored,
  ].join("\n");
}

function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
