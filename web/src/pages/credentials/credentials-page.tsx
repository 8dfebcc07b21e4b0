import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { credentialsQuery, type NativeCredential } from "../../api/credential-queries.js";
import { write } from "../../api/request.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Page } from "../../ui/page.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";
import { IssueDialog } from "./issue-dialog.js";

/** Passwords for clients without the tunnel. */
export function CredentialsPage() {
  const credentials = useQuery(credentialsQuery);
  const [issuing, setIssuing] = useState(false);
  const [revoking, setRevoking] = useState<NativeCredential | null>(null);
  const revoke = useChange({
    act: ({ id }: NativeCredential) => write("DELETE", `/credentials/${encodeURIComponent(id)}`),
    touches: [["credentials"]],
    done: ({ connection }) => `The password for ${connection} is revoked`,
  });
  const columns: readonly Column<NativeCredential>[] = [
    { name: "Connection", cell: ({ connection }) => <strong>{connection}</strong> },
    { name: "Person", cell: ({ subject }) => subject.name },
    { name: "User", cell: ({ user }) => <span className="mono">{user}</span> },
    { name: "From", cell: ({ addresses }) => <span className="mono">{addresses.join(", ") || "anywhere"}</span> },
    { name: "Used", cell: ({ lastUsed }) => (lastUsed === null ? "–" : <RelativeTime at={lastUsed} />) },
    { name: "Ends", cell: ({ expires }) => <RelativeTime at={expires} /> },
    {
      name: "Actions",
      actions: true,
      cell: (one) => (
        <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRevoking(one)}>
          Revoke
        </Button>
      ),
    },
  ];
  return (
    <Page
      title="Credentials"
      intro="Short-lived passwords for PostgreSQL clients that cannot use the tunnel. The same rules, masks and recording hold."
      actions={<Button onClick={() => setIssuing(true)}>Ask for a password</Button>}
    >
      <QueryView query={credentials}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No passwords">
              <p>None is good now. With the tunnel none is needed.</p>
            </EmptyState>
          ) : (
            <DataTable label="Credentials" columns={columns} rows={items} keyOf={({ id }) => id} />
          )
        }
      </QueryView>
      {issuing && <IssueDialog onClose={() => setIssuing(false)} />}
      {revoking !== null && (
        <ConfirmDialog
          title={`Revoke the password for ${revoking.connection}?`}
          text="Sessions that it opened end."
          verb="Revoke"
          onConfirm={() => revoke.mutateAsync(revoking)}
          onClose={() => setRevoking(null)}
        />
      )}
    </Page>
  );
}
