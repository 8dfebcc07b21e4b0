import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { trustsQuery } from "../../api/machine-queries.js";
import { boundsText, type Trust } from "../../api/machine-types.js";
import { write } from "../../api/request.js";
import { may, useMe } from "../../layout/use-me.js";
import { Command } from "../../ui/command.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { QueryView } from "../../ui/query-view.js";
import { useChange } from "../../ui/use-change.js";

export function TrustList() {
  const admin = may(useMe(), "machines.write");
  const trusts = useQuery(trustsQuery);
  const [removing, setRemoving] = useState<Trust | null>(null);
  const remove = useChange({
    act: ({ name }: Trust) => write("DELETE", `/federation/${encodeURIComponent(name)}`),
    touches: [["machines"], ["sessions"]],
    done: ({ name }) => `${name} is trusted no more`,
  });
  const columns: readonly Column<Trust>[] = [
    { name: "Trust", cell: ({ name }) => <strong>{name}</strong> },
    { name: "Becomes", cell: ({ account }) => account },
    { name: "Issuer", cell: ({ issuer }) => <span className="mono">{issuer}</span> },
    {
      name: "Claims",
      cell: ({ claims, condition }) => (
        <span className="mono">
          {[
            ...Object.entries(claims).map(([name, fit]) => `${name}=${fit.join("|")}`),
            ...(condition === null ? [] : [condition]),
          ].join(", ")}
        </span>
      ),
    },
    { name: "Bounded to", cell: ({ bounds }) => boundsText(bounds) },
    {
      name: "Actions",
      actions: true,
      cell: (trust) =>
        admin && (
          <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRemoving(trust)}>
            Remove
          </Button>
        ),
    },
  ];
  return (
    <>
      <QueryView query={trusts}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No issuer is trusted">
              <p>With workload tokens a pipeline needs no key. Trust the main branch of one repository:</p>
              <Command text="hoop federation trust app --account deploy --issuer github --claim repository=octo/app --claim ref=refs/heads/main" />
            </EmptyState>
          ) : (
            <DataTable label="Trusted issuers" columns={columns} rows={items} keyOf={({ name }) => name} />
          )
        }
      </QueryView>
      {removing !== null && (
        <ConfirmDialog
          title={`Trust ${removing.name} no more?`}
          text="What was got under it ends within a second."
          verb="Remove"
          onConfirm={() => remove.mutateAsync(removing)}
          onClose={() => setRemoving(null)}
        />
      )}
    </>
  );
}
