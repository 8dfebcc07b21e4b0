import { Badge, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { delegationsQuery } from "../../api/machine-queries.js";
import { boundsText, type Delegation } from "../../api/machine-types.js";
import { write } from "../../api/request.js";
import { useMe } from "../../layout/use-me.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";

export function DelegationList() {
  const me = useMe();
  const delegations = useQuery(delegationsQuery(me.auditor));
  const [ending, setEnding] = useState<Delegation | null>(null);
  const end = useChange({
    act: ({ id }: Delegation) => write("DELETE", `/delegations/${encodeURIComponent(id)}`),
    touches: [["machines"], ["sessions"]],
    done: ({ machine }) => `${machine.name} acts no more`,
  });
  const columns: readonly Column<Delegation>[] = [
    {
      name: "Machine",
      cell: ({ machine, person }) => (
        <span>
          <strong>{machine.name}</strong> <span className="dim">for {person.name}</span>
        </span>
      ),
    },
    { name: "Bounded to", cell: ({ bounds }) => boundsText(bounds) },
    {
      name: "State",
      cell: ({ standing, because }) => (
        <Badge color={standing ? "green" : "gray"} variant="light">
          {standing ? "acting" : (because ?? "over")}
        </Badge>
      ),
    },
    { name: "Until", cell: ({ endedAt, expires }) => <RelativeTime at={endedAt ?? expires} /> },
    {
      name: "Actions",
      actions: true,
      cell: (one) =>
        one.standing &&
        (me.admin || one.person.id === me.subject.id) && (
          <Button size="compact-sm" variant="subtle" color="red" onClick={() => setEnding(one)}>
            End
          </Button>
        ),
    },
  ];
  return (
    <>
      <QueryView query={delegations}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No machine acts for anybody">
              <p>Let an agent of AI act for you, for as long and as far as you say.</p>
            </EmptyState>
          ) : (
            <DataTable
              label="Delegations"
              columns={columns}
              rows={items}
              keyOf={({ id }) => id}
              muted={({ standing }) => !standing}
            />
          )
        }
      </QueryView>
      {ending !== null && (
        <ConfirmDialog
          title={`End ${ending.machine.name} for ${ending.person.name}?`}
          text="What it has open under this name ends within a second."
          verb="End"
          onConfirm={() => end.mutateAsync(ending)}
          onClose={() => setEnding(null)}
        />
      )}
    </>
  );
}
