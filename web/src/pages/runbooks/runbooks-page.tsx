import { Badge } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type RunbookSummary, runbooksQuery } from "../../api/runbook-queries.js";
import { may, useMe } from "../../layout/use-me.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Page } from "../../ui/page.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { RunList } from "./run-list.js";
import { SourceList } from "./source-list.js";

const columns: readonly Column<RunbookSummary>[] = [
  {
    name: "Runbook",
    cell: ({ name, title, problem }) => (
      <>
        {problem === null ? (
          <Link to="/runbooks/$runbook" params={{ runbook: name }}>
            <strong>{name}</strong>
          </Link>
        ) : (
          <strong>{name}</strong>
        )}
        <div className="dim">{problem ?? title}</div>
      </>
    ),
  },
  { name: "Steps", cell: ({ steps }) => steps },
  { name: "Runs as", cell: ({ runsAs }) => runsAs ?? "you" },
  {
    name: "Before it runs",
    cell: ({ review }) =>
      review ? (
        <Badge color="yellow" variant="light">
          needs approval
        </Badge>
      ) : (
        "–"
      ),
  },
  { name: "Schedule", cell: ({ schedules }) => <span className="mono">{schedules.join(", ") || "–"}</span> },
  { name: "From", cell: ({ origin }) => <span className="mono">{origin}</span> },
  { name: "Changed", cell: ({ changedAt }) => <RelativeTime at={changedAt} /> },
];

export function RunbooksPage() {
  const all = may(useMe(), "runbooks.read");
  const runbooks = useQuery(runbooksQuery);
  return (
    <Page
      title="Runbooks"
      intro="Procedures with typed values. Each step is a session of its own: judged, recorded, under your name."
    >
      <QueryView query={runbooks}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No runbooks">
              <p>
                There is none that you may run. They are written with hoop runbook write, or come from a Git repository.
              </p>
            </EmptyState>
          ) : (
            <DataTable label="Runbooks" rows={items} columns={columns} keyOf={({ name }) => name} />
          )
        }
      </QueryView>
      <h2>Runs</h2>
      <RunList runbook={null} all={all} />
      {all && <SourceList />}
    </Page>
  );
}
