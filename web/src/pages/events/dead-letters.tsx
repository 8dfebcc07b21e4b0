import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type Delivery, deadLettersQuery } from "../../api/event-queries.js";
import { write } from "../../api/request.js";
import { may, useMe } from "../../layout/use-me.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";

/** What could not be delivered and was given up, until somebody has it tried again. */
export function DeadLetters() {
  const me = useMe();
  const dead = useQuery(deadLettersQuery);
  const replay = useChange({
    act: (ids: readonly string[]) => write("POST", "/reactions/deliveries/replay", { body: { ids } }),
    touches: [["reactions"]],
    done: (ids) => (ids.length === 1 ? "It is delivered again" : `${ids.length} are delivered again`),
  });
  const columns: readonly Column<Delivery>[] = [
    { name: "Given up", cell: ({ endedAt }) => (endedAt === null ? "–" : <RelativeTime at={endedAt} />) },
    { name: "Reaction", cell: ({ rule }) => <strong>{rule}</strong> },
    { name: "To", cell: ({ target }) => target },
    { name: "Attempts", cell: ({ attempts }) => attempts },
    { name: "Because", cell: ({ error }) => error ?? "–" },
    {
      name: "Actions",
      actions: true,
      cell: ({ id }) =>
        may(me, "policy.write") && (
          <Button size="compact-sm" variant="subtle" onClick={() => replay.mutate([id])}>
            Deliver again
          </Button>
        ),
    },
  ];
  return (
    <QueryView query={dead}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState title="No dead letters">
            <p>Everything was delivered, or still will be.</p>
          </EmptyState>
        ) : (
          <DataTable label="Dead letters" columns={columns} rows={items} keyOf={({ id }) => id} />
        )
      }
    </QueryView>
  );
}
