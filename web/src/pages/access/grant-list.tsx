import { Badge, Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { write } from "../../api/request.js";
import { grantsQuery } from "../../api/review-queries.js";
import type { Grant } from "../../api/review-types.js";
import { may, useMe } from "../../layout/use-me.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { LoadMore } from "../../ui/load-more.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";
import { grantEnd } from "./grant-end.js";

/** Grants, the newest first; those in force can be ended. */
export function GrantList({ view, empty }: { view: "mine" | "all"; empty: ReactNode }) {
  const me = useMe();
  const grants = useInfiniteQuery(grantsQuery(view));
  const [ending, setEnding] = useState<Grant | null>(null);
  const end = useChange({
    act: ({ id }: Grant) => write("DELETE", `/grants/${id}`),
    touches: [["access"], ["reviews"], ["connections"]],
    done: ({ id }) => `${id} is over`,
  });
  const mine = (grant: Grant) => grant.subject.id === me.subject.id;
  const columns: readonly Column<Grant>[] = [
    {
      name: "Grant",
      cell: ({ id }) => (
        <Link className="text-link mono" to="/reviews/$review" params={{ review: id }}>
          {id}
        </Link>
      ),
    },
    ...(view === "all" ? [{ name: "User", cell: ({ subject }: Grant) => subject.name }] : []),
    { name: "Connections", cell: ({ connections }) => connections.join(", ") },
    { name: "May", cell: ({ effects }) => effects.join(", ") },
    { name: "Ticket", cell: ({ ticket }) => ticket ?? "–" },
    { name: "Ends", cell: (grant) => <End grant={grant} /> },
    {
      name: "Actions",
      actions: true,
      cell: (grant) =>
        grant.ended === null &&
        (mine(grant) || may(me, "grants.end")) && (
          <Button size="compact-sm" variant="light" color="red" onClick={() => setEnding(grant)}>
            {mine(grant) ? "Give back" : "Revoke"}
          </Button>
        ),
    },
  ];
  return (
    <>
      <QueryView query={grants}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.items);
          if (rows.length === 0) return empty;
          return (
            <>
              <DataTable
                label="Grants"
                columns={columns}
                rows={rows}
                keyOf={({ id }) => id}
                muted={({ ended }) => ended !== null}
              />
              <LoadMore query={grants} />
            </>
          );
        }}
      </QueryView>
      {ending !== null && (
        <ConfirmDialog
          title={mine(ending) ? "Give it back?" : `Revoke ${ending.subject.name}'s access?`}
          text={`Sessions on ${ending.connections.join(", ")} that rest on it end within a second.`}
          verb={mine(ending) ? "Give back" : "Revoke"}
          onConfirm={() => end.mutateAsync(ending)}
          onClose={() => setEnding(null)}
        />
      )}
    </>
  );
}

function End({ grant: { until, ended } }: { grant: Grant }) {
  if (ended === null)
    return (
      <Badge color="green" variant="light">
        <RelativeTime at={until} />
      </Badge>
    );
  return (
    <span>
      {grantEnd(ended)} <RelativeTime at={ended.at} past />
    </span>
  );
}
