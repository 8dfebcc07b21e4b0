import { useQuery } from "@tanstack/react-query";
import { historyQuery } from "../../api/queries.js";
import type { PolicyRevision } from "../../api/types.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";

const columns: readonly Column<PolicyRevision>[] = [
  { name: "Revision", cell: ({ revision }) => revision },
  {
    name: "Document",
    cell: ({ kind, name }) => (
      <span className="mono">
        {kind}/{name}
      </span>
    ),
  },
  { name: "What", cell: ({ before, after }) => (before === null ? "added" : after === null ? "removed" : "changed") },
  { name: "By", cell: ({ by }) => by },
  { name: "When", cell: ({ at }) => <RelativeTime at={at} /> },
];

/** Who changed which document. */
export function History() {
  const history = useQuery(historyQuery);
  return (
    <QueryView query={history}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState title="Nothing has changed yet" />
        ) : (
          <DataTable
            label="Changes"
            columns={columns}
            rows={items}
            keyOf={({ revision, kind, name }) => `${revision} ${kind}/${name}`}
          />
        )
      }
    </QueryView>
  );
}
