import { Badge, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { write } from "../../api/request.js";
import { type RunbookSource, runbookSourcesQuery } from "../../api/runbook-queries.js";
import { may, useMe } from "../../layout/use-me.js";
import { Command } from "../../ui/command.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";

/** Git repositories that runbooks come from: what was taken last, when, and what was wrong with it. */
export function SourceList() {
  const me = useMe();
  const sources = useQuery(runbookSourcesQuery);
  const look = useChange({
    act: (name: string) => write("POST", `/runbook-sources/${encodeURIComponent(name)}/sync`, { body: {} }),
    touches: [["runbook-sources"], ["runbooks"]],
    done: (name) => `${name} was looked at`,
  });
  const columns: readonly Column<RunbookSource>[] = [
    {
      name: "Repository",
      cell: ({ name, url }) => (
        <>
          <strong>{name}</strong>
          <div className="dim mono">{url}</div>
        </>
      ),
    },
    {
      name: "State",
      cell: ({ syncedAt, problem }) => {
        const [label, colour] =
          problem !== null ? ["fails", "red"] : syncedAt === null ? ["not looked at yet", "gray"] : ["taken", "green"];
        return (
          <Badge color={colour} variant="light">
            {label}
          </Badge>
        );
      },
    },
    {
      name: "Taken",
      cell: ({ branch, folder, commit, syncedAt }) => (
        <>
          <span className="mono">{commit?.slice(0, 10) ?? "nothing"}</span> of {branch}
          {folder !== "" && `, ${folder}`}
          {syncedAt !== null && (
            <div className="dim">
              <RelativeTime at={syncedAt} past />
            </div>
          )}
        </>
      ),
    },
    {
      name: "Terms",
      cell: ({ allowedSigners, mayActAs }) => (
        <>
          {allowedSigners === null ? "commits need no signature" : "signed commits only"}
          {mayActAs.length > 0 && <div>runs as {mayActAs.join(", ")}</div>}
        </>
      ),
    },
    { name: "Last error", cell: ({ problem }) => problem ?? "–" },
    {
      name: "Actions",
      actions: true,
      cell: ({ name }) =>
        may(me, "runbooks.write") && (
          <Button
            size="compact-sm"
            variant="subtle"
            loading={look.isPending && look.variables === name}
            onClick={() => look.mutate(name)}
          >
            Look now
          </Button>
        ),
    },
  ];
  return (
    <section aria-label="Repositories">
      <h2>Repositories</h2>
      <ProblemAlert error={look.error} />
      <QueryView query={sources}>
        {({ items }) =>
          items.length === 0 ? (
            <>
              <p className="dim">No Git repository brings runbooks here.</p>
              <Command text="hoop runbook source ops --url https://git.example.com/ops/runbooks.git" />
            </>
          ) : (
            <DataTable label="Repositories" columns={columns} rows={items} keyOf={({ name }) => name} />
          )
        }
      </QueryView>
    </section>
  );
}
