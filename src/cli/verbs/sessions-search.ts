import { HoopError } from "../../vocabulary/index.js";
import { text, type Verb } from "../invocation.js";
import { printable } from "../output.js";

interface Hit {
  readonly session: string;
  readonly name: string;
  readonly connection: string;
  readonly startedAt: string;
  readonly terminal: number;
  readonly at: number;
  readonly line: string;
}

interface Page {
  readonly items: readonly Hit[];
  readonly next: string | null;
}

/** Pages of sessions that are looked through for one command. */
const maxPages = 50;

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const limit = Number(text(invocation, "limit") ?? "50");
  if (!Number.isInteger(limit) || limit < 1) throw new HoopError("invalid", "--limit is a number above 0");
  const api = await context.api();
  const hits: Hit[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < maxPages && hits.length < limit; pages++) {
    const query = {
      text: args[0]!,
      subject: text(invocation, "subject"),
      connection: text(invocation, "connection"),
      after,
    };
    const page: Page = await api.get<Page>("/sessions/search", { query, signal: context.signal });
    hits.push(...page.items);
    after = page.next ?? undefined;
    if (after === undefined) break;
  }
  if (after !== undefined && hits.length < limit) context.out.warn("older sessions were not looked at");
  const found = hits.slice(0, limit);
  context.out.result(found, () =>
    found.length === 0
      ? "nothing like it stood on a recorded screen"
      : found
          .map(
            ({ session, name, connection, startedAt, at, line }) =>
              `${context.out.color.dim(`${startedAt.slice(0, 19)}Z +${Math.round(at)} s`)}  ${session.slice(0, 8)}  ${printable(name)} on ${printable(connection)}\n    ${printable(line.trim())}`,
          )
          .join("\n"),
  );
};
