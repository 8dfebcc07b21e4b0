import { flag, text, type Verb } from "../invocation.js";
import { printable } from "../output.js";
import { hoursFrom, policyText } from "../policy-text.js";

interface Replayed {
  readonly since: string;
  readonly statements: number;
  readonly same: number;
  readonly totals: Readonly<Record<string, number>>;
  readonly unlisted: number;
  readonly groups: { readonly recorded: number; readonly today: number };
  readonly changes: readonly {
    readonly subject: string;
    readonly connection: string;
    readonly shape: string;
    readonly before: string;
    readonly after: string;
    readonly reasons: readonly string[];
    readonly masks: readonly string[];
    readonly count: number;
  }[];
}

const shownChanges = 50;

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const { out, signal } = context;
  const file = text(invocation, "file")!;
  const body = {
    text: await policyText(file),
    source: file === "-" ? "stdin" : file,
    prune: flag(invocation, "prune"),
    hours: hoursFrom(text(invocation, "last") ?? "7d"),
  };
  const report = await (await context.api()).post<Replayed>("/policy/replay", { body, signal });
  out.result(report, () => {
    const { color } = out;
    const totals = Object.entries(report.totals).sort(([, a], [, b]) => b - a);
    const head = `${report.statements} statements since ${report.since.slice(0, 16).replace("T", " ")}: ${report.same} as they were${totals.length === 0 ? "" : `, ${totals.map(([what, count]) => `${count} ${what}`).join(", ")}`}.`;
    const changes = report.changes
      .slice(0, shownChanges)
      .flatMap(({ subject, connection, shape, before, after, reasons, masks, count }) => [
        "",
        `${color.bold(`${count}×`)} ${printable(subject)} at ${printable(connection)}: ${before === after ? "masked differently" : `${before} → ${color.bold(after)}`}`,
        `   ${printable(shape).replaceAll(/\s+/g, " ").slice(0, 160)}`,
        ...(before === after ? masks : reasons).map((line) => color.dim(`   ${printable(line)}`)),
      ]);
    const more = report.changes.length - shownChanges;
    const groups =
      report.groups.today > 0
        ? [
            "",
            `For ${report.groups.today} statements the groups of that time were not recorded: today's were taken, for ${report.groups.recorded} the recorded ones.`,
          ]
        : [];
    return [head, ...changes, ...(more > 0 ? ["", `and ${more} more; --json has them all`] : []), ...groups].join("\n");
  });
};
