import { Badge, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type Reaction, reactionsQuery } from "../../api/event-queries.js";
import { write } from "../../api/request.js";
import { may, useMe } from "../../layout/use-me.js";
import { Command } from "../../ui/command.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";

const colours = { enforce: "green", shadow: "yellow", off: "gray" } as const;

/** The rules with how often they matched and fired, and whom they tell. */
export function Reactions() {
  const me = useMe();
  const reactions = useQuery(reactionsQuery);
  const change = useChange({
    act: ({ name, mode }: { readonly name: string; readonly mode: "enforce" | "off" }) =>
      write("PUT", `/reactions/${encodeURIComponent(name)}/mode`, { body: { mode } }),
    touches: [["reactions"]],
    done: ({ name, mode }) => `${name} is ${mode === "off" ? "off" : "on"}`,
  });
  const columns: readonly Column<Reaction>[] = [
    { name: "Name", cell: ({ name }) => <strong>{name}</strong> },
    {
      name: "State",
      cell: ({ mode, hasSecret, problem }) =>
        problem !== null ? (
          <Badge color="red" variant="light">
            problem
          </Badge>
        ) : (
          <Badge color={mode === null ? (hasSecret ? "green" : "yellow") : colours[mode]} variant="light">
            {mode ?? (hasSecret ? "secret sealed" : "no secret")}
          </Badge>
        ),
    },
    { name: "What it does", cell: ({ text, problem }) => problem ?? text },
    { name: "Matched", cell: ({ kind, counts }) => (kind === "reaction" ? counts.matched : "–") },
    { name: "Fired", cell: ({ kind, counts }) => (kind === "reaction" ? counts.fired + counts.shadowed : "–") },
    { name: "Last", cell: ({ lastAt }) => (lastAt === null ? "–" : <RelativeTime at={lastAt} />) },
    {
      name: "Actions",
      actions: true,
      cell: ({ name, kind, mode }) =>
        kind === "reaction" &&
        may(me, "policy.write") && (
          <Button
            size="compact-sm"
            variant="subtle"
            onClick={() => change.mutate({ name, mode: mode === "off" ? "enforce" : "off" })}
          >
            {mode === "off" ? "Turn on" : "Turn off"}
          </Button>
        ),
    },
  ];
  return (
    <QueryView query={reactions}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState title="No reactions yet">
            <p>A reaction says what is done when something happens. Write one, and apply it:</p>
            <Command text="hoop reactions apply -f reactions.yaml" />
          </EmptyState>
        ) : (
          <DataTable
            label="Reactions"
            columns={columns}
            rows={items}
            keyOf={({ name }) => name}
            muted={({ mode }) => mode === "off"}
          />
        )
      }
    </QueryView>
  );
}
