import { Button, NativeSelect } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { write } from "../../api/request.js";
import { countText } from "../../ui/counts.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import type { ReplayChange, Replayed } from "./policy-queries.js";

const spans = [
  { value: "24", label: "of the last day" },
  { value: "168", label: "of the last week" },
  { value: "720", label: "of the last 30 days" },
] as const;

const columns: readonly Column<ReplayChange>[] = [
  { name: "Times", cell: ({ count }) => count },
  { name: "User", cell: ({ subject }) => subject },
  { name: "Connection", cell: ({ connection }) => connection },
  { name: "Was", cell: ({ before }) => before },
  { name: "Would be", cell: ({ before, after }) => (before === after ? "masked differently" : after) },
  { name: "Statement", cell: ({ shape }) => <code className="mono">{shape}</code> },
  { name: "Why", cell: ({ masks, reasons }) => (masks.length > 0 ? masks : reasons).join("; ") },
];

/** What this text would have made of what was recorded. */
export function ReplayView({ text, prune }: { text: string; prune: boolean }) {
  const [hours, setHours] = useState("168");
  const replay = useMutation({
    mutationFn: () => write<Replayed>("POST", "/policy/replay", { body: { text, prune, hours: Number(hours) } }),
  });
  return (
    <section className="stack" aria-label="On what was recorded">
      <div className="row">
        <Button variant="default" loading={replay.isPending} onClick={() => replay.mutate()}>
          Try it on the statements
        </Button>
        <NativeSelect
          aria-label="How far back"
          data={[...spans]}
          value={hours}
          onChange={(event) => setHours(event.currentTarget.value)}
        />
      </div>
      <ProblemAlert error={replay.error} />
      {replay.data && <Report report={replay.data} />}
    </section>
  );
}

function Report({ report: { statements, same, changes, unlisted, groups } }: { report: Replayed }) {
  return (
    <div className="card stack" aria-live="polite">
      <p>
        {countText(statements, "statement")}, {same} of them as they were.
        {groups.today > 0 && ` For ${groups.today}, today's groups were taken: those of the time were not recorded.`}
      </p>
      {changes.length > 0 && (
        <DataTable
          label="What would be different"
          columns={columns}
          rows={changes}
          keyOf={({ subject, connection, shape, before, after, masks }) =>
            [subject, connection, before, after, shape, ...masks].join(" ")
          }
        />
      )}
      {unlisted > 0 && <p className="dim">{unlisted} more are not listed.</p>}
    </div>
  );
}
