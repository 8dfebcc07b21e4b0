import { Badge, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { agentsQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { Agent } from "../../api/types.js";
import { may, useMe } from "../../layout/use-me.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Page } from "../../ui/page.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";
import { JoinDialog } from "./join-dialog.js";

const colours: Readonly<Record<Agent["state"], string>> = {
  connected: "green",
  draining: "yellow",
  away: "gray",
  revoked: "red",
};

export function AgentsPage() {
  const admin = may(useMe(), "agents.write");
  const agents = useQuery(agentsQuery);
  const [joining, setJoining] = useState(false);
  const [revoking, setRevoking] = useState<Agent | null>(null);
  const revoke = useChange({
    act: ({ name }: Agent) => write("DELETE", `/agents/${encodeURIComponent(name)}`),
    touches: [["agents"]],
    done: ({ name }) => `${name} is revoked`,
  });
  const columns: readonly Column<Agent>[] = [
    { name: "Agent", cell: ({ name }) => <strong>{name}</strong> },
    {
      name: "State",
      cell: ({ state }) => (
        <Badge color={colours[state]} variant="light">
          {state}
        </Badge>
      ),
    },
    {
      name: "Since",
      cell: ({ connectedAt }) => (connectedAt === null ? "–" : <RelativeTime at={connectedAt} />),
    },
    { name: "Lanes", cell: ({ lanes }) => lanes },
    { name: "May dial", cell: ({ allows }) => <span className="mono">{allows.join(", ") || "–"}</span> },
    { name: "Version", cell: ({ version }) => version ?? "–" },
    {
      name: "Certificate until",
      cell: ({ certificateExpires: until }) => (until === null ? "–" : <RelativeTime at={until} />),
    },
    {
      name: "Actions",
      actions: true,
      cell: (agent) =>
        admin &&
        agent.state !== "revoked" && (
          <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRevoking(agent)}>
            Revoke
          </Button>
        ),
    },
  ];
  return (
    <Page
      title="Agents"
      intro="An agent runs inside a private network and dials out to this gateway. It carries bytes and knows no password."
      actions={admin && <Button onClick={() => setJoining(true)}>Add an agent</Button>}
    >
      <QueryView query={agents}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No agents">
              <p>Targets that the gateway reaches by itself need none. For others, add one where they are.</p>
            </EmptyState>
          ) : (
            <DataTable
              label="Agents"
              columns={columns}
              rows={items}
              keyOf={({ name }) => name}
              muted={({ state }) => state === "revoked"}
            />
          )
        }
      </QueryView>
      {joining && <JoinDialog onClose={() => setJoining(false)} />}
      {revoking !== null && (
        <ConfirmDialog
          title={`Revoke ${revoking.name}?`}
          text="Its certificate is worth nothing from now on, and what goes through it ends."
          verb="Revoke"
          onConfirm={() => revoke.mutateAsync(revoking)}
          onClose={() => setRevoking(null)}
        />
      )}
    </Page>
  );
}
