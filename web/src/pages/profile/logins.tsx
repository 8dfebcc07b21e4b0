import { Badge, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { loginsQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { Login } from "../../api/types.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";

/** Where the caller is signed in, and the way to end it from here. */
export function Logins() {
  const logins = useQuery(loginsQuery);
  const end = useChange({
    act: ({ id }: Login) => write("DELETE", `/me/logins/${encodeURIComponent(id)}`),
    touches: [["logins"]],
    done: () => "Signed out there",
  });
  const columns: readonly Column<Login>[] = [
    { name: "Program", cell: ({ client }) => <span title={client}>{shortClient(client)}</span> },
    { name: "Address", cell: ({ address }) => <span className="mono">{address}</span> },
    { name: "Since", cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
    { name: "Ends", cell: ({ expires }) => <RelativeTime at={expires} /> },
    {
      name: "Actions",
      actions: true,
      cell: (login) =>
        login.current ? (
          <Badge color="green" variant="light">
            this browser
          </Badge>
        ) : (
          <Button size="compact-sm" variant="default" onClick={() => end.mutate(login)}>
            Sign out
          </Button>
        ),
    },
  ];
  return (
    <section className="stack">
      <h2 className="section-title">Where you are signed in</h2>
      <ProblemAlert error={end.error} />
      <QueryView query={logins}>
        {({ items }) => <DataTable label="Logins" columns={columns} rows={items} keyOf={({ id }) => id} />}
      </QueryView>
    </section>
  );
}

const systems = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"];
const browsers = { Edg: "Edge", OPR: "Opera", Firefox: "Firefox", Chrome: "Chrome", Safari: "Safari" };

/** Browsers introduce themselves at length. */
function shortClient(client: string): string {
  if (!client.startsWith("Mozilla/")) return client;
  const browser = Object.entries(browsers).find(([word]) => client.includes(`${word}/`))?.[1] ?? "Browser";
  const system = systems.find((name) => client.includes(name));
  return system === undefined ? browser : `${browser} on ${system}`;
}
