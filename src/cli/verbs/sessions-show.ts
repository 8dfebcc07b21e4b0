import type { ApiClient } from "../../client/api-client.js";
import { HoopError } from "../../vocabulary/index.js";
import { type Invocation, text, type Verb } from "../invocation.js";
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

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const wanted = revealOf(invocation);
  const api = await context.api();
  const id = await sessionIdFrom(api, "/sessions", args[0]!, context.signal);
  if (wanted !== null) return reveal(invocation, api, id, wanted);
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
    return `${head}\n\n${entries.map((entry) => lineOf(entry, context.out, session.protocol)).join("\n")}${cut}`;
  });
};

interface Wanted {
  readonly seq: number;
  readonly part: string;
  readonly because: string;
}

function revealOf(invocation: Invocation): Wanted | null {
  const typed = text(invocation, "reveal");
  const because = text(invocation, "because");
  if (typed === undefined) {
    if (because === undefined) return null;
    throw new HoopError("invalid", "--because goes with --reveal");
  }
  const seq = Number(typed.replace(/^#/, ""));
  if (!Number.isSafeInteger(seq) || seq < 1)
    throw new HoopError("invalid", "--reveal names an entry by its number", {
      hint: "it stands behind the # in the list",
    });
  if (because === undefined)
    throw new HoopError("invalid", "say why you look: it is recorded", { hint: "--because '…'" });
  return { seq, part: text(invocation, "part") ?? "text", because };
}

interface Revealed {
  readonly text: string | null;
  readonly values: readonly (string | null)[] | null;
  readonly cut: boolean;
}

async function reveal({ context }: Invocation, api: ApiClient, id: string, { seq, ...body }: Wanted): Promise<void> {
  const found = await api.post<Revealed>(`/sessions/${id}/entries/${seq}/reveal`, { body, signal: context.signal });
  if (found.cut) context.out.warn("there is more of it than is shown");
  context.out.result(found, () =>
    found.values === null
      ? printable(found.text ?? "")
      : found.values.map((value, i) => `$${i + 1} = ${value === null ? "NULL" : printable(value)}`).join("\n"),
  );
}

/** A command, a request and a file have none; "0 rows" would read as if they had found nothing. */
function hasRows({ rows }: Entry, protocol: string): boolean {
  return Number(rows) > 0 || protocol === "postgres" || protocol === "mysql";
}

/** One entry in a line or two: when, what, what became of it. */
function lineOf(entry: Entry, { color }: Output, protocol: string): string {
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
      const number = sealed(entry.text) || sealed(entry.values) ? color.dim(`  #${entry.seq}`) : "";
      return line(mark, textOf(entry.shown) || "(not shown: it could not be masked safely)") + number + why;
    }
    case "statement-finished": {
      const masked = Number(entry.maskedCells) > 0 ? `, ${entry.maskedCells} cells masked` : "";
      return line(
        "  -> ",
        `${textOf(entry.outcome)}: ${hasRows(entry, protocol) ? `${entry.rows} rows, ` : ""}${entry.bytes} bytes${masked}${foundIn(entry)}, ${entry.durationMs} ms${failedAt(entry)}`,
      );
    }
    case "screen":
      return (
        line("     ", `terminal ${Number(entry.terminal)}, piece ${Number(entry.part)}: hoop sessions replay`) +
        color.dim(`  #${entry.seq}`)
      );
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

/** Whether something is a reference to what lies sealed. */
const sealed = (value: unknown): boolean => typeof value === "object" && value !== null && "payload" in value;

/** What detectors found in the reply, by kind. */
function foundIn({ detected }: Entry): string {
  if (typeof detected !== "object" || detected === null) return "";
  const kinds = Object.entries(detected).map(([kind, count]) => `${count} ${kind}`);
  return kinds.length === 0 ? "" : ` (found ${kinds.join(", ")})`;
}

function failedAt({ error, seq }: Entry): string {
  const { code, text: words } = (error ?? {}) as { readonly code?: unknown; readonly text?: unknown };
  return `${typeof code === "string" && code !== "" ? `, ${code}` : ""}${sealed(words) ? `  #${String(seq)}` : ""}`;
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
