import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { groupsQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { UserGroup } from "../../api/types.js";
import { may, useMe } from "../../layout/use-me.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { countText } from "../../ui/counts.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { QueryView } from "../../ui/query-view.js";
import { useChange } from "../../ui/use-change.js";

export function GroupList() {
  const writes = may(useMe(), "groups.write");
  const groups = useQuery(groupsQuery);
  const [removing, setRemoving] = useState<UserGroup | null>(null);
  const remove = useChange({
    act: ({ name }: UserGroup) => write("DELETE", `/groups/${encodeURIComponent(name)}`),
    touches: [["groups"], ["users"]],
    done: ({ name }) => `${name} is removed`,
  });
  const columns: readonly Column<UserGroup>[] = [
    { name: "Group", cell: ({ name }) => <strong>{name}</strong> },
    { name: "Description", cell: ({ description }) => description || "–" },
    { name: "Members", cell: ({ members }) => members },
    { name: "Roles", cell: ({ roles }) => roles.join(", ") || "–" },
    { name: "From", cell: ({ directory }) => directory ?? "here" },
    {
      name: "Actions",
      actions: true,
      cell: (group) =>
        writes && (
          <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRemoving(group)}>
            Remove
          </Button>
        ),
    },
  ];
  return (
    <>
      <QueryView query={groups}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No groups">
              <p>Rules match on groups: add one, then put users into it.</p>
            </EmptyState>
          ) : (
            <DataTable label="Groups" columns={columns} rows={items} keyOf={({ name }) => name} />
          )
        }
      </QueryView>
      {removing !== null && (
        <ConfirmDialog
          title={`Remove ${removing.name}?`}
          text={`${countText(removing.members, "member")} lose what rules give this group, at once.`}
          verb="Remove"
          onConfirm={() => remove.mutateAsync(removing)}
          onClose={() => setRemoving(null)}
        />
      )}
    </>
  );
}
