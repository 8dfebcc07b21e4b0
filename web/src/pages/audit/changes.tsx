import { useInfiniteQuery } from "@tanstack/react-query";
import { changesQuery } from "../../api/queries.js";
import type { Entry } from "../../api/types.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { LoadMore } from "../../ui/load-more.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { VisibleText } from "../../ui/visible-text.js";

const longest = 160;

const columns: readonly Column<Entry>[] = [
  { name: "When", cell: ({ time }) => <RelativeTime at={time} past /> },
  { name: "Who", cell: ({ actor }) => whoOf(actor) },
  {
    name: "What",
    cell: ({ kind, what }) => <span className="mono nowrap">{typeof what === "string" ? what : kind}</span>,
  },
  { name: "Target", cell: ({ target }) => <VisibleText text={typeof target === "string" ? target : "–"} /> },
  {
    name: "Details",
    cell: (entry) => (
      <span className="mono small">
        <VisibleText text={detailsOf(entry)} />
      </span>
    ),
  },
];

/** Administrative acts, warnings and gaps, the newest first. */
export function Changes() {
  const changes = useInfiniteQuery(changesQuery);
  return (
    <section className="stack">
      <h2 className="section-title">Changes</h2>
      <QueryView query={changes}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.items);
          if (rows.length === 0) return <EmptyState title="Nothing was changed yet" />;
          return (
            <>
              <DataTable label="Changes" columns={columns} rows={rows} keyOf={({ chain, seq }) => `${chain} ${seq}`} />
              <LoadMore query={changes} />
            </>
          );
        }}
      </QueryView>
    </section>
  );
}

function whoOf(actor: unknown): string {
  if (typeof actor !== "object" || actor === null) return "Hoop";
  const { name, system } = actor as { readonly name?: unknown; readonly system?: unknown };
  return `${typeof name === "string" ? name : "–"}${system === true ? " (by Hoop)" : ""}`;
}

function detailsOf({ after, text, because }: Entry): string {
  const why = (after as { readonly because?: unknown } | null | undefined)?.because;
  const words = [text, because, why].find((value) => typeof value === "string");
  const all = words !== undefined ? String(words) : after === null || after === undefined ? "" : JSON.stringify(after);
  return all.length > longest ? `${all.slice(0, longest)}…` : all;
}
