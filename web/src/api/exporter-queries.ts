import { queryOptions } from "@tanstack/react-query";
import { read } from "./request.js";

export interface Exporter {
  readonly name: string;
  readonly sources: readonly ("events" | "entries")[];
  readonly target: {
    readonly kind: "file" | "syslog" | "http" | "otlp";
    readonly path?: string;
    readonly url?: string;
    readonly host?: string;
    readonly port?: number;
    readonly transport?: string;
  };
  readonly enabled: boolean;
  readonly deliveredAt: string | null;
  readonly delivered: number;
  /** Events that were deleted before they were delivered. */
  readonly lost: number;
  readonly lag: number;
  readonly cursor: { readonly events: number | null; readonly entries: Readonly<Record<string, number>> };
  readonly failures: number;
  readonly problem: string | null;
}

export const exportersQuery = queryOptions({
  queryKey: ["exporters"],
  queryFn: ({ signal }) => read<{ items: readonly Exporter[] }>("/exporters", { signal }),
  refetchInterval: 5_000,
});
