import { Button } from "@mantine/core";
import type { Factor } from "../../api/types.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { RelativeTime } from "../../ui/relative-time.js";

interface FactorTableProps {
  readonly factors: readonly Factor[];
  readonly onRename: (factor: Factor) => void;
  readonly onRemove: (factor: Factor) => void;
}

export function FactorTable({ factors, onRename, onRemove }: FactorTableProps) {
  const columns: readonly Column<Factor>[] = [
    { name: "Name", cell: ({ name }) => <strong>{name}</strong> },
    { name: "Kind", cell: kindOf },
    { name: "Since", cell: ({ createdAt }) => <RelativeTime at={createdAt} past /> },
    {
      name: "Last used",
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? "never" : <RelativeTime at={lastUsedAt} past />),
    },
    {
      name: "Actions",
      actions: true,
      cell: (factor) => (
        <span className="table-actions">
          <Button size="compact-sm" variant="default" onClick={() => onRename(factor)}>
            Rename
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => onRemove(factor)}>
            Remove
          </Button>
        </span>
      ),
    },
  ];
  return <DataTable label="Second factors" columns={columns} rows={factors} keyOf={({ id }) => id} />;
}

function kindOf({ kind, site, synced }: Factor): string {
  if (kind === "totp") return "authenticator";
  const elsewhere = site !== location.hostname ? `, for ${site}` : "";
  return `passkey${synced ? ", on all your devices" : ""}${elsewhere}`;
}
