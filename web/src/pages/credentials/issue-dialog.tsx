import { Alert, Button, NativeSelect, Tabs, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { IssuedCredential } from "../../api/credential-queries.js";
import { connectionsQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import { Command } from "../../ui/command.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";

const lives = [
  { value: "900", label: "15 minutes" },
  { value: "3600", label: "an hour" },
  { value: "28800", label: "8 hours" },
  { value: "86400", label: "a day" },
];
const clients = [
  ["psql", "psql"],
  ["uri", "URI"],
  ["jdbc", "JDBC"],
  ["dbeaver", "DBeaver"],
  ["datagrip", "DataGrip"],
  ["pgpass", ".pgpass"],
] as const;

/** A password for one connection and a while, shown once, in the words of each client. */
export function IssueDialog({ onClose }: { onClose: () => void }) {
  const connections = useQuery(connectionsQuery);
  const usable = (connections.data?.items ?? []).filter((one) => one.protocol === "postgres" && one.usable);
  const [connection, setConnection] = useState("");
  const [life, setLife] = useState("3600");
  const [from, setFrom] = useState("");
  const wanted = connection === "" ? (usable[0]?.name ?? "") : connection;
  const issue = useChange({
    act: () =>
      write<IssuedCredential>("POST", "/credentials", {
        body: {
          connection: wanted,
          ttlSeconds: Number(life),
          addresses: from.split(/[\s,]+/).filter((address) => address !== ""),
        },
      }),
    touches: [["credentials"]],
  });
  if (issue.data !== undefined)
    return (
      <Dialog title={`Password for ${issue.data.credential.connection}`} onClose={onClose} wide>
        <Issued issued={issue.data} onClose={onClose} />
      </Dialog>
    );
  return (
    <Dialog title="Ask for a password" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          issue.mutate(undefined);
        }}
      >
        <NativeSelect
          label="Connection"
          data={usable.map(({ name }) => name)}
          value={wanted}
          onChange={(event) => setConnection(event.currentTarget.value)}
        />
        <NativeSelect
          label="It is good for"
          data={lives}
          value={life}
          onChange={(event) => setLife(event.currentTarget.value)}
        />
        <TextInput
          label="From these networks only"
          description="Separated by blanks; empty: from anywhere"
          placeholder="10.20.0.0/16"
          spellCheck={false}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <ProblemAlert error={issue.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={issue.isPending} disabled={wanted === ""}>
            Make a password
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Issued({ issued, onClose }: { issued: IssuedCredential; onClose: () => void }) {
  const { credential, password, place, strings } = issued;
  return (
    <div className="stack">
      <p className="dialog-text">
        For {place.host}, port {place.port}, database {place.database}. The password is shown only now.
      </p>
      <Command text={credential.user} label="Copy the user" />
      <Command text={password} label="Copy the password" />
      <Tabs defaultValue="psql" keepMounted={false}>
        <Tabs.List aria-label="Clients">
          {clients.map(([client, title]) => (
            <Tabs.Tab key={client} value={client}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {clients.map(([client, title]) => (
          <Tabs.Panel key={client} value={client} pt="sm">
            <Command text={strings[client] ?? ""} label={`Copy for ${title}`} />
          </Tabs.Panel>
        ))}
      </Tabs>
      {place.authority !== null && (
        <>
          <p className="dialog-text">
            Keep this authority as <span className="mono">hoop-ca.pem</span>: the strings name it.
          </p>
          <Button
            component="a"
            variant="default"
            download="hoop-ca.pem"
            href={`data:application/x-pem-file,${encodeURIComponent(place.authority)}`}
          >
            Download hoop-ca.pem
          </Button>
        </>
      )}
      <Alert color="yellow" variant="light">
        Whoever has it is you on {credential.connection}. It ends <RelativeTime at={credential.expires} />.
      </Alert>
      <div className="form-actions">
        <Button onClick={onClose}>Done</Button>
      </div>
    </div>
  );
}
