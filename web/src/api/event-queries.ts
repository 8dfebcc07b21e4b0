import { queryOptions } from "@tanstack/react-query";
import { read } from "./request.js";

export interface HoopEvent {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly subject: { readonly id: string; readonly name: string } | null;
  readonly connection: string | null;
  readonly session: string | null;
  readonly cause: readonly { readonly event: string; readonly rule: string; readonly run: string | null }[];
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Reaction {
  readonly name: string;
  readonly kind: "reaction" | "receiver";
  readonly text: string;
  readonly mode: "enforce" | "shadow" | "off" | null;
  readonly problem: string | null;
  readonly hasSecret: boolean | null;
  readonly counts: {
    readonly matched: number;
    readonly fired: number;
    readonly quiet: number;
    readonly guarded: number;
    readonly shadowed: number;
  };
  readonly lastAt: string | null;
}

export interface Delivery {
  readonly id: string;
  readonly rule: string;
  readonly target: string;
  readonly attempts: number;
  readonly error: string | null;
  readonly endedAt: string | null;
}

export interface Restraint {
  readonly id: string;
  readonly kind: "pause" | "kill" | "review" | "masks";
  readonly rule: string;
  readonly session: string | null;
  readonly subject: string | null;
  readonly until: string;
}

const live = 2_000;

export const eventsQuery = (type: string | null) =>
  queryOptions({
    queryKey: ["events", "newest", type],
    queryFn: ({ signal }) =>
      read<{ items: readonly HoopEvent[] }>(
        `/events?limit=100${type === null ? "" : `&type=${encodeURIComponent(type)}`}`,
        { signal },
      ),
    refetchInterval: live,
  });

export const eventQuery = (id: string) =>
  queryOptions({
    queryKey: ["events", "one", id],
    queryFn: ({ signal }) => read<HoopEvent>(`/events/${encodeURIComponent(id)}`, { signal }),
  });

export const eventTypesQuery = queryOptions({
  queryKey: ["events", "catalogue"],
  queryFn: ({ signal }) =>
    read<{ items: readonly { type: string; summary: string }[] }>("/events/catalogue", { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export const reactionsQuery = queryOptions({
  queryKey: ["reactions", "all"],
  queryFn: ({ signal }) => read<{ items: readonly Reaction[] }>("/reactions", { signal }),
  refetchInterval: live * 2,
});

export const deadLettersQuery = queryOptions({
  queryKey: ["reactions", "dead"],
  queryFn: ({ signal }) =>
    read<{ items: readonly Delivery[] }>("/reactions/deliveries?state=dead&limit=100", { signal }),
  refetchInterval: live * 2,
});

export const restraintsQuery = queryOptions({
  queryKey: ["reactions", "restraints"],
  queryFn: ({ signal }) => read<{ items: readonly Restraint[] }>("/reactions/restraints", { signal }),
  refetchInterval: live,
});
