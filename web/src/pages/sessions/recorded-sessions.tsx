import { Badge } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { recordedSessionsQuery, type SessionFilter } from "../../api/queries.js";
import type { RecordedSession } from "../../api/types.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { durationText } from "../../ui/durations.js";
import { EmptyState } from "../../ui/empty-state.js";
import { LoadMore } from "../../ui/load-more.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";

const columns: readonly Column<RecordedSession>[] = [
  {
    name: "Connection",
    cell: ({ id, connection }) => (
      <Link className="text-link strong" to="/sessions/$session" params={{ session: id }}>
        {connection}
      </Link>
    ),
  },
  { name: "User", cell: ({ subject }) => subject.name },
  { name: "Started", cell: ({ startedAt }) => <RelativeTime at={startedAt} /> },
  { name: "Lasted", cell: (session) => <Lasted session={session} /> },
  { name: "Statements", cell: ({ statements }) => statements },
];

export function RecordedSessions({ filter }: { filter: SessionFilter }) {
  const sessions = useInfiniteQuery(recordedSessionsQuery(filter));
  return (
    <QueryView query={sessions}>
      {({ pages }) => {
        const rows = pages.flatMap((page) => page.items);
        if (rows.length === 0)
          return (
            <EmptyState title="No recordings">
              <p>Every session is recorded. Connect once, and it is here.</p>
            </EmptyState>
          );
        return (
          <>
            <DataTable label="Recorded sessions" columns={columns} rows={rows} keyOf={({ id }) => id} />
            <LoadMore query={sessions} />
          </>
        );
      }}
    </QueryView>
  );
}

function Lasted({ session: { startedAt, endedAt, end } }: { session: RecordedSession }) {
  if (end?.code === "refused")
    return (
      <Badge color="red" variant="light">
        Refused
      </Badge>
    );
  if (endedAt === null)
    return (
      <Badge color="green" variant="light">
        Open
      </Badge>
    );
  return <>{durationText(Date.parse(endedAt) - Date.parse(startedAt))}</>;
}
