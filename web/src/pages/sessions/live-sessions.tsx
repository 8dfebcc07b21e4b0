import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { liveSessionsQuery, type SessionFilter } from "../../api/queries.js";
import type { LiveSession } from "../../api/types.js";
import { may, useMe } from "../../layout/use-me.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { KillDialog } from "./kill-dialog.js";

/** Open sessions on every replica, kept up to date. */
export function LiveSessions({ filter }: { filter: SessionFilter }) {
  const me = useMe();
  const sessions = useQuery(liveSessionsQuery(filter));
  const [killing, setKilling] = useState<LiveSession | null>(null);
  const columns: readonly Column<LiveSession>[] = [
    {
      name: "Connection",
      cell: ({ id, connection }) => (
        <Link className="text-link strong" to="/sessions/$session" params={{ session: id }}>
          {connection}
        </Link>
      ),
    },
    { name: "User", cell: ({ subject }) => subject.name },
    { name: "From", cell: ({ from }) => <span className="mono">{from}</span> },
    { name: "Since", cell: ({ startedAt }) => <RelativeTime at={startedAt} /> },
    {
      name: "Actions",
      actions: true,
      cell: (session) =>
        (may(me, "sessions.kill") || session.subject.id === me.subject.id) && (
          <Button size="compact-sm" variant="light" color="red" onClick={() => setKilling(session)}>
            End
          </Button>
        ),
    },
  ];
  return (
    <>
      <QueryView query={sessions}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="Nobody has a session open">
              <p>A session shows here the moment that somebody connects.</p>
            </EmptyState>
          ) : (
            <DataTable label="Live sessions" columns={columns} rows={items} keyOf={({ id }) => id} />
          )
        }
      </QueryView>
      {killing !== null && <KillDialog session={killing} onClose={() => setKilling(null)} />}
    </>
  );
}
