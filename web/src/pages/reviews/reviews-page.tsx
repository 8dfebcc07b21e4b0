import { Button, NativeSelect, Tabs } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { type ReviewFilter, reviewCountQuery, reviewsQuery, reviewViews } from "../../api/review-queries.js";
import { reviewStates } from "../../api/review-types.js";
import { may, useMe } from "../../layout/use-me.js";
import { EmptyState } from "../../ui/empty-state.js";
import { FilterInput } from "../../ui/filter-input.js";
import { LoadMore } from "../../ui/load-more.js";
import { Page } from "../../ui/page.js";
import { QueryView } from "../../ui/query-view.js";
import { RevealDialog } from "./reveal-dialog.js";
import { ReviewCard } from "./review-card.js";

const route = getRouteApi("/signed-in/shell/reviews");

const nothing = {
  decide: ["Nothing waits for your word", "What a rule holds for a group of yours shows here, with what it would do."],
  mine: [
    "You have asked for nothing",
    "A statement of yours that a rule holds, and access that you ask for, show here.",
  ],
  all: ["There is no such review", "Rules that hold statements, or access, make reviews."],
} as const;

/** The inbox of whoever decides, what one asked for oneself, and for auditors everything. */
export function ReviewsPage() {
  const { view = "decide", state = "", connection = "" } = route.useSearch();
  const auditor = may(useMe(), "reviews.read");
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const filter: ReviewFilter = { view, state: view === "decide" ? "" : state, connection };
  const count = useQuery(reviewCountQuery);
  const reviews = useInfiniteQuery(reviewsQuery(filter));
  const show = (change: Partial<ReviewFilter>) => {
    const next = { ...filter, ...change };
    const search = { view: next.view, state: next.state || undefined, connection: next.connection || undefined };
    void navigate({ to: "/reviews", search, replace: true });
  };
  const waiting = count.data?.toDecide ?? 0;
  return (
    <Page
      title="Reviews"
      intro="What waits for a second pair of eyes before it goes ahead."
      actions={
        <Button variant="default" onClick={() => setAsking(true)}>
          Ask for a token's value
        </Button>
      }
    >
      <Tabs value={view} onChange={(next) => show({ view: reviewViews.find((one) => one === next) ?? "decide" })}>
        <Tabs.List>
          <Tabs.Tab value="decide">To decide{waiting > 0 ? ` (${waiting})` : ""}</Tabs.Tab>
          <Tabs.Tab value="mine">Asked by me</Tabs.Tab>
          {auditor && <Tabs.Tab value="all">All</Tabs.Tab>}
        </Tabs.List>
      </Tabs>
      <div className="row">
        <FilterInput label="Connection" value={connection} onChange={(next) => show({ connection: next })} />
        {view !== "decide" && (
          <NativeSelect
            aria-label="State"
            value={state}
            onChange={(event) => show({ state: reviewStates.find((one) => one === event.currentTarget.value) ?? "" })}
            data={[{ value: "", label: "in any state" }, ...reviewStates.map((one) => ({ value: one, label: one }))]}
          />
        )}
      </div>
      <QueryView query={reviews}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0)
            return (
              <EmptyState title={nothing[view][0]}>
                <p>{nothing[view][1]}</p>
              </EmptyState>
            );
          return (
            <div className="stack">
              {items.map((review) => (
                <ReviewCard key={review.id} review={review} />
              ))}
              <LoadMore query={reviews} />
            </div>
          );
        }}
      </QueryView>
      {asking && <RevealDialog onClose={() => setAsking(false)} />}
    </Page>
  );
}
