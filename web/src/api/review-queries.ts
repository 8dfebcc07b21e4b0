import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { read } from "./request.js";
import type { AccessOption, Grant, Review, ReviewContent, ReviewState, ReviewSummary } from "./review-types.js";
import type { Page } from "./types.js";

const live = 3_000;

export const reviewViews = ["decide", "mine", "all"] as const;
export type ReviewView = (typeof reviewViews)[number];

export interface ReviewFilter {
  readonly view: ReviewView;
  readonly state: ReviewState | "";
  readonly connection: string;
}

export const reviewCountQuery = queryOptions({
  queryKey: ["reviews", "count"],
  queryFn: ({ signal }) => read<{ toDecide: number }>("/reviews/count", { signal }),
  refetchInterval: 3 * live,
});

export const reviewsQuery = (filter: ReviewFilter) =>
  infiniteQueryOptions({
    queryKey: ["reviews", "list", filter],
    queryFn: ({ signal, pageParam }) => {
      const search = new URLSearchParams({ view: filter.view, limit: "50" });
      if (filter.state !== "") search.set("state", filter.state);
      if (filter.connection !== "") search.set("connection", filter.connection);
      if (pageParam !== null) search.set("after", pageParam);
      return read<Page<ReviewSummary>>(`/reviews?${search}`, { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    // Whoever has gone far back is not asked for everything again every few seconds.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= 1 ? live : false),
  });

const unsettled: readonly ReviewState[] = ["pending", "approved"];

export const reviewQuery = (id: string) =>
  queryOptions({
    queryKey: ["reviews", "one", id],
    queryFn: ({ signal }) => read<Review>(`/reviews/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && unsettled.includes(state.data.state) ? live : false),
  });

export const readContent = (id: string) => read<ReviewContent>(`/reviews/${encodeURIComponent(id)}/content`);

export const accessOptionsQuery = queryOptions({
  queryKey: ["access", "options"],
  queryFn: ({ signal }) => read<{ items: readonly AccessOption[] }>("/access-requests/options", { signal }),
});

export const grantsQuery = (view: "mine" | "all") =>
  infiniteQueryOptions({
    queryKey: ["access", "grants", view],
    queryFn: ({ signal, pageParam }) => {
      const search = new URLSearchParams({ view, limit: "50" });
      if (pageParam !== null) search.set("after", pageParam);
      return read<Page<Grant>>(`/grants?${search}`, { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 3 * live,
  });
