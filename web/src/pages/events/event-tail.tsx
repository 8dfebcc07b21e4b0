import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { eventsQuery, eventTypesQuery, type HoopEvent } from "../../api/event-queries.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { gist } from "./gist.js";

const columns: readonly Column<HoopEvent>[] = [
  { name: "When", cell: ({ at }) => <RelativeTime at={at} /> },
  {
    name: "Event",
    cell: ({ id, type }) => (
      <Link to="/events/$event" params={{ event: id }} style={{ whiteSpace: "nowrap" }}>
        {type}
      </Link>
    ),
  },
  { name: "Subject", cell: ({ subject }) => subject?.name ?? "–" },
  { name: "Connection", cell: ({ connection }) => connection ?? "–" },
  { name: "What", cell: (event) => gist(event) || "–" },
  {
    name: "Session",
    cell: ({ session }) =>
      session === null ? (
        "–"
      ) : (
        <Link to="/sessions/$session" params={{ session }} style={{ whiteSpace: "nowrap" }}>
          {session.slice(0, 8)}
        </Link>
      ),
  },
];

/** The newest events, renewed while one looks. */
export function EventTail() {
  const [type, setType] = useState("");
  const types = useQuery(eventTypesQuery);
  const events = useQuery(eventsQuery(type === "" ? null : type));
  return (
    <section className="stack">
      <NativeSelect
        label="Type"
        value={type}
        onChange={({ currentTarget }) => setType(currentTarget.value)}
        data={[{ value: "", label: "every type" }, ...(types.data?.items ?? []).map((one) => one.type)]}
        maw={280}
      />
      <QueryView query={events}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="Nothing of that kind has happened">
              <p>Events come in by themselves.</p>
            </EmptyState>
          ) : (
            <DataTable label="Events" columns={columns} rows={items} keyOf={({ id }) => id} />
          )
        }
      </QueryView>
    </section>
  );
}
