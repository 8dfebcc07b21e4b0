import { HoopError } from "../../vocabulary/index.js";
import { text, type Verb } from "../invocation.js";
import { pages } from "../pages.js";
import { table } from "../table.js";

interface Change {
  readonly time: number;
  readonly kind: string;
  readonly what?: string;
  readonly target?: string;
  readonly text?: string;
  readonly because?: string;
  readonly actor?: { readonly name?: string; readonly system?: boolean };
  readonly after?: unknown;
}

const longest = 120;

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const limit = Number(text(invocation, "limit") ?? "50");
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new HoopError("invalid", "--limit is a number from 1 to 10000");
  const items = await pages<Change>(await context.api(), "/audit/changes", {}, limit, context.signal);
  context.out.result(items, () =>
    table(items, [
      { title: "when", value: ({ time }) => new Date(time).toISOString().slice(0, 19).replace("T", " ") },
      {
        title: "who",
        value: ({ actor }) => (actor === undefined ? "" : `${actor.name}${actor.system ? " (hoop)" : ""}`),
      },
      { title: "what", value: ({ kind, what }) => what ?? kind },
      { title: "target", value: ({ target }) => target },
      { title: "details", value: detailsOf },
    ]),
  );
};

function detailsOf({ after, text: warned, because }: Change): string {
  const why = (after as { readonly because?: unknown } | null | undefined)?.because;
  const words =
    warned ??
    because ??
    (typeof why === "string" ? why : undefined) ??
    (after === null || after === undefined ? "" : JSON.stringify(after));
  return words.length > longest ? `${words.slice(0, longest)}…` : words;
}
