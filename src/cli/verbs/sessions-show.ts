import type { Verb } from "../invocation.js";
import { type Output, printable } from "../output.js";
import { pages } from "../pages.js";
import { sessionIdFrom } from "../session-id.js";
import { facts } from "../table.js";

interface Session {
  readonly id: string;
  readonly subject: { readonly name: string };
  readonly connection: string;
  readonly protocol: string;
  readonly from: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly end: { readonly code: string; readonly text: string } | null;
}

type Entry = Readonly<Record<string, unknown>>;

const maxEntries = 10_000;

export const run: Verb = async ({ context, args }) => {
  const api = await context.api();
  const id = await sessionIdFrom(api, "/sessions", args[0]!, context.signal);
  const session = await api.get<Session>(`/sessions/${id}`, { signal: context.signal });
  const entries = await pages<Entry>(api, `/sessions/${id}/entries`, {}, maxEntries, context.signal);
  context.out.result({ ...session, entries }, () => {
    const head = facts([
      ["session", session.id],
      ["user", session.subject.name],
      ["connection", `${session.connection} (${session.protocol})`],
      ["from", session.from],
      ["started", session.startedAt],
      ["ended", session.endedAt ? `${session.endedAt}${session.end ? `: ${session.end.text}` : ""}` : "open"],
    ]);
    const cut =
      entries.length === maxEntries ? `\n(the first ${maxEntries} entries; the whole is in hoop audit export)` : "";
    return `${head}\n\n${entries.map((entry) => lineOf(entry, context.out)).join("\n")}${cut}`;
  });
};

/** One entry in a line or two: when, what, what became of it. */
function lineOf(entry: Entry, { color }: Output): string {
  const at = new Date(Number(entry.time)).toISOString().slice(11, 23);
  // Lines of a statement are set in: none of them may pass for an entry of its own.
  const line = (mark: string, text: string) =>
    `${color.dim(at)}  ${mark}  ${printable(text).replaceAll("\n", `\n${" ".repeat(21)}`)}`;
  switch (entry.kind) {
    case "statement": {
      const outcome = textOf(entry.outcome);
      const mark = outcome === "allow" ? color.green("allow") : color.red(outcome.padEnd(5));
      const reasons = reasonsOf(entry);
      const why = reasons === "" ? "" : `\n${" ".repeat(21)}${color.dim(printable(reasons).replaceAll("\n", " "))}`;
      return line(mark, textOf(entry.shown) || "(not shown: it could not be masked safely)") + why;
    }
    case "statement-finished": {
      const masked = Number(entry.maskedCells) > 0 ? `, ${entry.maskedCells} cells masked` : "";
      return line(
        "  -> ",
        `${textOf(entry.outcome)}: ${entry.rows} rows, ${entry.bytes} bytes${masked}, ${entry.durationMs} ms`,
      );
    }
    case "session-closed":
      return line("end  ", textOf((entry.reason as { text?: string } | undefined)?.text));
    case "warning":
      return line(color.yellow("note "), textOf(entry.text));
    case "session-opened":
      return line("begin", "");
    case "session-refused":
      return line(color.red("deny "), reasonsOf(entry));
    case "session-ready":
      return line("     ", `logged in at ${textOf(entry.target)}`);
    default:
      return line("     ", textOf(entry.kind));
  }
}

function reasonsOf({ reasons }: Entry): string {
  return Array.isArray(reasons)
    ? reasons
        .map((reason: { text?: string }) => reason.text ?? "")
        .filter(Boolean)
        .join("; ")
    : "";
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}
