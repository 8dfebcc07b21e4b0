import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { connectionsQuery } from "../../api/queries.js";
import type { Connection, Offer } from "../../api/types.js";
import { may, useMe } from "../../layout/use-me.js";
import { EmptyState } from "../../ui/empty-state.js";
import { FilterInput } from "../../ui/filter-input.js";
import { Page } from "../../ui/page.js";
import { QueryView } from "../../ui/query-view.js";
import { ConnectionCard } from "./connection-card.js";
import { ConnectionDialog } from "./connection-dialog.js";

export function ConnectionsPage() {
  const admin = may(useMe(), "connections.write");
  const connections = useQuery(connectionsQuery);
  const [wanted, setWanted] = useState("");
  const [adding, setAdding] = useState(false);
  return (
    <Page
      title="Connections"
      intro={
        <>
          With <code className="mono">hoop tunnel up</code> running, type what a connection shows. No password: Hoop
          knows who you are.
        </>
      }
      actions={admin && <Button onClick={() => setAdding(true)}>Add a connection</Button>}
    >
      <QueryView query={connections}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No connections yet">
              <p>
                {admin
                  ? "Add the first one: a name, where it is, and the user that Hoop logs in as."
                  : "No rule opens one to you. Ask an admin which group you need."}
              </p>
            </EmptyState>
          ) : (
            <>
              {items.length > 5 && <FilterInput label="Filter by name or label" value={wanted} onChange={setWanted} />}
              <ConnectionList items={items.filter((one) => matches(one, wanted))} />
            </>
          )
        }
      </QueryView>
      {adding && <ConnectionDialog connection={null} onClose={() => setAdding(false)} />}
    </Page>
  );
}

function ConnectionList({ items }: { items: readonly (Connection | Offer)[] }) {
  if (items.length === 0) return <EmptyState title="None is called so" />;
  return (
    <div className="stack">
      {items.map((connection) => (
        <ConnectionCard key={connection.name} connection={connection} />
      ))}
    </div>
  );
}

function matches(connection: Connection | Offer, wanted: string): boolean {
  const labels = Object.entries(connection.labels).map(([key, value]) => `${key}=${value}`);
  const text = [connection.name, connection.protocol, ...labels].join(" ").toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
