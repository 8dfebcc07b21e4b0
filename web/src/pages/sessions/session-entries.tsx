import { Checkbox } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { entriesQuery } from "../../api/queries.js";
import type { Entry, Page, RecordedSession } from "../../api/types.js";
import { EmptyState } from "../../ui/empty-state.js";
import { FilterInput } from "../../ui/filter-input.js";
import { LoadMore } from "../../ui/load-more.js";
import { QueryView } from "../../ui/query-view.js";
import { MarkEntry } from "./mark-entry.js";
import { StatementEntry } from "./statement-entry.js";
import { type TimelineItem, timelineOf } from "./timeline.js";

/** What was done, oldest first. */
export function SessionEntries({ session }: { session: RecordedSession }) {
  const entries = useInfiniteQuery(entriesQuery(session.id, session.endedAt === null));
  return (
    <QueryView query={entries}>
      {({ pages }) => (
        <>
          <Timeline session={session} pages={pages} />
          <LoadMore query={entries} />
        </>
      )}
    </QueryView>
  );
}

function Timeline({ session, pages }: { session: RecordedSession; pages: readonly Page<Entry>[] }) {
  const items = useMemo(() => timelineOf(pages.flatMap((page) => page.items)), [pages]);
  const [wanted, setWanted] = useState("");
  const [deniedOnly, setDeniedOnly] = useState(false);
  const denied = items.filter(isDenied).length;
  const shown = items.filter((item) => (!deniedOnly || isDenied(item)) && says(item, wanted.trim().toLowerCase()));
  return (
    <>
      <div className="row">
        <FilterInput label="Find in what is shown" value={wanted} onChange={setWanted} />
        {(denied > 0 || deniedOnly) && (
          <Checkbox
            label={`Denied only (${denied})`}
            checked={deniedOnly}
            onChange={(event) => setDeniedOnly(event.currentTarget.checked)}
          />
        )}
      </div>
      {shown.length === 0 && <EmptyState title={items.length === 0 ? "Nothing is recorded yet" : "Nothing matches"} />}
      <ol className="timeline" aria-label="Entries">
        {shown.map((item) =>
          item.kind === "statement" ? (
            <StatementEntry key={item.key} session={session} item={item} />
          ) : (
            <MarkEntry key={item.key} item={item} />
          ),
        )}
      </ol>
    </>
  );
}

function isDenied(item: TimelineItem): boolean {
  return item.kind === "statement" ? item.outcome !== "allow" : item.tone === "bad";
}

function says(item: TimelineItem, wanted: string): boolean {
  if (wanted === "") return true;
  const words = item.kind === "statement" ? [item.shown ?? "", item.analysis?.shape ?? ""] : [item.text];
  return [...words, ...item.reasons.map((reason) => reason.text)].some((text) => text.toLowerCase().includes(wanted));
}
