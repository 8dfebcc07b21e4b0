import { Alert, Badge, Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { write } from "../../api/request.js";
import type { Connection, ConnectionTest, Offer } from "../../api/types.js";
import { may, useMe } from "../../layout/use-me.js";
import { Command } from "../../ui/command.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { LabelList } from "../../ui/label-list.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { sentence } from "../../ui/sentence.js";
import { useChange } from "../../ui/use-change.js";
import { ConnectionDialog } from "./connection-dialog.js";
import { hostPort } from "./host-port.js";

/** One connection: what to type first, then where it leads. */
export function ConnectionCard({ connection }: { connection: Connection | Offer }) {
  const admin = may(useMe(), "connections.write");
  return (
    <article className="card connection" aria-label={connection.name}>
      <div className="connection-main">
        <div className="row">
          <h2 className="section-title connection-name">{connection.name}</h2>
          <Badge variant="light" color="gray">
            {connection.protocol}
          </Badge>
          <Badge variant="light" color={connection.usable ? "green" : "gray"}>
            {connection.usable ? "Open to you" : "Not open to you"}
          </Badge>
        </div>
        <LabelList labels={connection.labels} />
        {"host" in connection && <Whereabouts connection={connection} />}
      </div>
      <div className="connection-side">
        {connection.usable && <Command text={connection.example} label="Copy what to type" />}
        {admin && "host" in connection && <AdminActions connection={connection} />}
      </div>
    </article>
  );
}

function Whereabouts({ connection }: { connection: Connection }) {
  const { host, port, agent, target, tls, protocol } = connection;
  const as = typeof target.user === "string" ? `as ${target.user}, ` : "";
  return (
    <Text size="sm" className="dim connection-where">
      <span className="mono">{hostPort(host, port)}</span> {as}
      {/* SSH encrypts by itself. */}
      {protocol !== "ssh" && `TLS ${tls.mode}, `}
      {agent === null ? "dialled by the gateway" : `through agent ${agent}`}
      {connection.exposesCredentialToAgent && ", the agent may see the password"}
    </Text>
  );
}

function AdminActions({ connection }: { connection: Connection }) {
  const [open, setOpen] = useState<"edit" | "remove" | null>(null);
  const close = () => setOpen(null);
  const path = `/connections/${encodeURIComponent(connection.name)}`;
  const test = useMutation({ mutationFn: () => write<ConnectionTest>("POST", `${path}/test`) });
  const remove = useChange({
    act: () => write("DELETE", path),
    touches: [["connections"]],
    done: () => `${connection.name} is removed`,
  });
  return (
    <>
      <div className="row connection-actions">
        <Link className="text-link" to="/sessions" search={{ view: "recorded", connection: connection.name }}>
          Sessions
        </Link>
        <Button size="compact-sm" variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          Test
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => setOpen("edit")}>
          Edit
        </Button>
        <Button size="compact-sm" variant="subtle" color="red" onClick={() => setOpen("remove")}>
          Remove
        </Button>
      </div>
      <ProblemAlert error={test.error} />
      {test.data && <TestResult result={test.data} />}
      {open === "edit" && <ConnectionDialog connection={connection} onClose={close} />}
      {open === "remove" && (
        <ConfirmDialog
          title={`Remove ${connection.name}?`}
          text="Its stored password goes with it, and open sessions end. Recordings stay."
          verb="Remove"
          onConfirm={() => remove.mutateAsync(undefined)}
          onClose={close}
        />
      )}
    </>
  );
}

function TestResult({ result }: { result: ConnectionTest }) {
  if (result.problem === null) {
    return (
      <Alert color="green" variant="light" role="status" p="xs">
        {result.serverVersion === null
          ? "Reached. Whether the login works shows when it is used: only databases are logged in to here."
          : `Logged in. The server is version ${result.serverVersion}.`}
      </Alert>
    );
  }
  return (
    <Alert color="red" variant="light" role="status" p="xs" title={sentence(result.problem.message)}>
      {result.problem.hint !== undefined && sentence(result.problem.hint)}
    </Alert>
  );
}
