import { HoopError } from "../../vocabulary/index.js";
import { flag, text, type Verb } from "../invocation.js";
import type { Output } from "../output.js";
import { pages } from "../pages.js";
import { ago, table } from "../table.js";

interface Session {
  readonly id: string;
  readonly subject: { readonly name: string };
  readonly connection: string;
  readonly from: string;
  readonly startedAt: string;
  readonly endedAt?: string | null;
  readonly statements?: number;
  readonly end?: { readonly code: string; readonly text: string } | null;
}

/** Says once that the newest sessions may be missing. */
function warnBehind(out: Output): (page: object) => void {
  let said = false;
  return (page) => {
    if (said || !("behind" in page) || typeof page.behind !== "number") return;
    said = true;
    out.warn(`${page.behind} entries of the recording are not in the store yet: the newest sessions may be missing`);
  };
}

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const limit = Number(text(invocation, "limit") ?? "50");
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new HoopError("invalid", "--limit is a number from 1 to 10000");
  const query = { subject: text(invocation, "subject"), connection: text(invocation, "connection") };
  const open = flag(invocation, "open");
  const items = await pages<Session>(
    await context.api(),
    open ? "/sessions/live" : "/sessions",
    query,
    limit,
    context.signal,
    "after",
    warnBehind(context.out),
  );
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "session", value: (s) => s.id },
        { title: "user", value: (s) => s.subject.name },
        { title: "connection", value: (s) => s.connection },
        { title: "started", value: (s) => ago(s.startedAt) },
        ...(open
          ? [{ title: "from", value: (s: Session) => s.from }]
          : [
              { title: "statements", value: (s: Session) => s.statements },
              {
                title: "ended",
                value: (s: Session) => (s.endedAt ? `${ago(s.endedAt)}${s.end ? ` (${s.end.text})` : ""}` : "open"),
              },
            ]),
      ],
      open ? "No session is open." : "No session was recorded yet.",
    ),
  );
};
