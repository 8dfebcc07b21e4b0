import { Badge } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type Column, DataTable } from "../../ui/data-table.js";
import { QueryView } from "../../ui/query-view.js";
import { type GridRow, gridQuery } from "./policy-queries.js";

/** What rules can say, and which protocols honour it. */
export function CapabilityGrid() {
  const grid = useQuery(gridQuery);
  return (
    <QueryView query={grid}>
      {({ protocols, rows }) => {
        const columns: readonly Column<GridRow>[] = [
          { name: "Rule", cell: ({ group }) => plain(group) },
          { name: "What it says", cell: ({ what }) => plain(what) },
          ...protocols.map(({ name, title }) => ({
            name: title,
            cell: ({ cells }: GridRow) => <Cell lacks={cells.find(({ protocol }) => protocol === name)?.lacks ?? []} />,
          })),
        ];
        return (
          <div className="stack">
            <p className="dim">
              Where a rule is refused, whoever it is about cannot open such a connection while it is in force. Nothing
              is passed over in silence.
            </p>
            <DataTable
              label="What protocols can do"
              columns={columns}
              rows={rows}
              keyOf={({ group, what }) => `${group} ${what}`}
            />
          </div>
        );
      }}
    </QueryView>
  );
}

const plain = (text: string) => text.replaceAll("`", "");

function Cell({ lacks }: { lacks: readonly string[] }) {
  return lacks.length === 0 ? (
    <Badge color="green" variant="light">
      Enforced
    </Badge>
  ) : (
    <span>
      <Badge color="gray" variant="light">
        Refused
      </Badge>{" "}
      <span className="dim">{lacks.join(", ")}</span>
    </span>
  );
}
