import { queryOptions } from "@tanstack/react-query";
import type { Delegation, ServiceAccount, Trust } from "./machine-types.js";
import { read } from "./request.js";

export const serviceAccountsQuery = queryOptions({
  queryKey: ["machines", "accounts"],
  queryFn: ({ signal }) => read<{ items: readonly ServiceAccount[] }>("/service-accounts", { signal }),
});

export const trustsQuery = queryOptions({
  queryKey: ["machines", "trusts"],
  queryFn: ({ signal }) => read<{ items: readonly Trust[] }>("/federation", { signal }),
});

export const delegationsQuery = (all: boolean) =>
  queryOptions({
    queryKey: ["machines", "delegations", all],
    queryFn: ({ signal }) => read<{ items: readonly Delegation[] }>(`/delegations?all=${all}`, { signal }),
  });

export const delegatesQuery = queryOptions({
  queryKey: ["machines", "delegates"],
  queryFn: ({ signal }) =>
    read<{ items: readonly { readonly name: string; readonly kind: "service" | "agent" }[] }>("/delegations/machines", {
      signal,
    }),
});
