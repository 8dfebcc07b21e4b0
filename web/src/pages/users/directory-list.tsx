import { Badge } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { directoriesQuery } from "../../api/queries.js";
import type { Directory } from "../../api/types.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { QueryView } from "../../ui/query-view.js";

const columns: readonly Column<Directory>[] = [
  {
    name: "Directory",
    cell: ({ name, enabled }) => (
      <span className="row">
        <strong>{name}</strong>
        {!enabled && (
          <Badge color="red" variant="light">
            switched off
          </Badge>
        )}
      </span>
    ),
  },
  { name: "Users", cell: ({ users }) => users },
  { name: "Groups", cell: ({ groups }) => groups },
  { name: "Prefix", cell: ({ groupPrefix }) => groupPrefix || "–" },
  { name: "Signs in at", cell: ({ provider }) => provider ?? "–" },
  { name: "May fill", cell: ({ mayFill }) => mayFill.join(", ") || "–" },
];

/** What provisions users here. Directories are set up by the command line: their tokens are shown once, in a terminal. */
export function DirectoryList() {
  const directories = useQuery(directoriesQuery);
  return (
    <QueryView query={directories}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState title="No directories">
            <p>
              Okta, Entra and others add and remove users here by themselves: <code>hoop scim add okta</code>
            </p>
          </EmptyState>
        ) : (
          <DataTable
            label="Directories"
            columns={columns}
            rows={items}
            keyOf={({ id }) => id}
            muted={({ enabled }) => !enabled}
          />
        )
      }
    </QueryView>
  );
}
