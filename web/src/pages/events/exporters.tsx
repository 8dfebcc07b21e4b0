import { Badge, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type Exporter, exportersQuery } from "../../api/exporter-queries.js";
import { write } from "../../api/request.js";
import { may, useMe } from "../../layout/use-me.js";
import { Command } from "../../ui/command.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";

/** What leaves for tools elsewhere: how far each is, how much waits, and what went wrong last. */
export function Exporters() {
  const me = useMe();
  const exporters = useQuery(exportersQuery);
  const test = useChange({
    act: (name: string) => write("POST", `/exporters/${encodeURIComponent(name)}/test`, { body: {} }),
    touches: [["exporters"]],
    done: (name) => `${name} took a line that says that it is a test`,
  });
  const columns: readonly Column<Exporter>[] = [
    {
      name: "Exporter",
      cell: ({ name, target }) => (
        <>
          <strong>{name}</strong>
          <div className="dim mono">{whereTo(target)}</div>
        </>
      ),
    },
    { name: "State", cell: (one) => <State exporter={one} /> },
    { name: "Read up to", cell: (one) => <ReadUpTo exporter={one} /> },
    { name: "Waiting", cell: ({ lag }) => lag.toLocaleString("en") },
    {
      name: "Delivered",
      cell: ({ delivered, deliveredAt, lost }) => (
        <>
          {delivered.toLocaleString("en")}
          {deliveredAt !== null && (
            <div className="dim">
              <RelativeTime at={deliveredAt} past />
            </div>
          )}
          {lost > 0 && <div>{lost.toLocaleString("en")} lost</div>}
        </>
      ),
    },
    {
      name: "Last error",
      cell: ({ problem, failures }) =>
        problem === null ? "–" : `${problem}${failures > 1 ? ` (${failures} times in a row)` : ""}`,
    },
    {
      name: "Actions",
      actions: true,
      cell: ({ name }) =>
        may(me, "events.write") && (
          <Button
            size="compact-sm"
            variant="subtle"
            loading={test.isPending && test.variables === name}
            onClick={() => test.mutate(name)}
          >
            Send a test
          </Button>
        ),
    },
  ];
  return (
    <div className="stack">
      <ProblemAlert error={test.error} />
      <QueryView query={exporters}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No exporters">
              <p>Nothing leaves for a SIEM or a log store yet.</p>
              <Command text="hoop exporters add siem --to https://siem.example.com/in" />
            </EmptyState>
          ) : (
            <DataTable
              label="Exporters"
              columns={columns}
              rows={items}
              keyOf={({ name }) => name}
              muted={({ enabled }) => !enabled}
            />
          )
        }
      </QueryView>
    </div>
  );
}

function State({ exporter: { enabled, problem, lost } }: { exporter: Exporter }) {
  const [label, colour] = !enabled
    ? ["off", "gray"]
    : problem !== null
      ? ["fails", "red"]
      : lost > 0
        ? ["lost some", "orange"]
        : ["delivers", "green"];
  return (
    <Badge color={colour} variant="light">
      {label}
    </Badge>
  );
}

function whereTo({ kind, path, url, host, port, transport }: Exporter["target"]): string {
  if (url !== undefined) return kind === "http" ? url : `${kind} ${url}`;
  return host === undefined ? `${kind} ${path}` : `${kind} ${host}:${port} (${transport})`;
}

/** Of what it is asked to send. */
function ReadUpTo({ exporter: { sources, cursor } }: { exporter: Exporter }) {
  const chains = sources.includes("entries") ? Object.values(cursor.entries) : [];
  const entries = chains.reduce((sum, seq) => sum + seq, 0);
  return (
    <>
      {sources.includes("events") && (
        <div>{cursor.events === null ? "not begun" : `event ${cursor.events.toLocaleString("en")}`}</div>
      )}
      {chains.length > 0 && (
        <div>
          {entries.toLocaleString("en")} entries of {chains.length === 1 ? "1 chain" : `${chains.length} chains`}
        </div>
      )}
    </>
  );
}
