import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Run, runsQuery } from "../../api/runbook-queries.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { RunStateBadge } from "./run-state.js";

const columns: readonly Column<Run>[] = [
  {
    name: "Run",
    cell: ({ id, runbook }) => (
      <Link to="/runs/$run" params={{ run: id }}>
        {runbook} <span className="mono">{id.slice(0, 8)}</span>
      </Link>
    ),
  },
  { name: "State", cell: ({ state }) => <RunStateBadge state={state} /> },
  { name: "Asked by", cell: ({ askedBy, origin }) => `${askedBy.name}${origin === "person" ? "" : ` (${origin})`}` },
  { name: "Began", cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
  { name: "What went wrong", cell: ({ error }) => error ?? "–" },
];

/** The latest runs. */
export function RunList({ runbook, all }: { runbook: string | null; all: boolean }) {
  const runs = useQuery(runsQuery(runbook, all));
  return (
    <QueryView query={runs}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="dim">Nothing has run yet.</p>
        ) : (
          <DataTable label="Runs" rows={items} columns={columns} keyOf={({ id }) => id} />
        )
      }
    </QueryView>
  );
}
