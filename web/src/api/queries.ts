import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { read, rememberCsrfToken } from "./request.js";
import type {
  Agent,
  AuditHeads,
  Connection,
  DeviceLogin,
  Directory,
  Entry,
  Explained,
  Factors,
  LiveSession,
  Login,
  Me,
  Offer,
  Page,
  Permission,
  Policy,
  PolicyRevision,
  Question,
  RecordedSession,
  Role,
  RoleBinding,
  User,
  UserGroup,
} from "./types.js";

const live = 3_000;

/** What is looked at, each under the key that a change of it invalidates. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async ({ signal }) => {
    const me = await read<Me>("/me", { signal });
    rememberCsrfToken(me.csrfToken);
    return me;
  },
  staleTime: 60_000,
});

export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: ({ signal }) => read<{ needed: boolean }>("/setup", { signal }),
});

export const versionQuery = queryOptions({
  queryKey: ["version"],
  queryFn: ({ signal }) => read<{ version: string }>("/version", { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export const loginsQuery = queryOptions({
  queryKey: ["logins"],
  queryFn: ({ signal }) => read<{ items: readonly Login[] }>("/me/logins", { signal }),
});

export const factorsQuery = queryOptions({
  queryKey: ["factors"],
  queryFn: ({ signal }) => read<Factors>("/me/factors", { signal }),
});

export const questionQuery = (id: string) =>
  queryOptions({
    queryKey: ["question", id],
    queryFn: ({ signal }) => read<Question>(`/me/step-up/${encodeURIComponent(id)}`, { signal }),
    retry: false,
    // It may be answered in a terminal, or given up.
    refetchInterval: ({ state }) => (state.data?.state === "pending" ? live : false),
  });

export const deviceQuery = (code: string) =>
  queryOptions({
    queryKey: ["device", code],
    queryFn: ({ signal }) => read<DeviceLogin>(`/login/device/${encodeURIComponent(code)}`, { signal }),
    retry: false,
    refetchOnWindowFocus: false,
  });

export const connectionsQuery = queryOptions({
  queryKey: ["connections"],
  queryFn: ({ signal }) => read<{ items: readonly (Connection | Offer)[] }>("/connections", { signal }),
});

export interface SessionFilter {
  readonly subject: string;
  readonly connection: string;
}

function filtered(path: string, filter: SessionFilter, after: string | null, limit: number): string {
  const search = new URLSearchParams({ limit: String(limit) });
  if (filter.subject !== "") search.set("subject", filter.subject);
  if (filter.connection !== "") search.set("connection", filter.connection);
  if (after !== null) search.set("after", after);
  return `${path}?${search}`;
}

export const liveSessionsQuery = (filter: SessionFilter) =>
  queryOptions({
    queryKey: ["sessions", "live", filter],
    queryFn: ({ signal }) => read<Page<LiveSession>>(filtered("/sessions/live", filter, null, 200), { signal }),
    refetchInterval: live,
  });

export const recordedSessionsQuery = (filter: SessionFilter) =>
  infiniteQueryOptions({
    queryKey: ["sessions", "recorded", filter],
    queryFn: ({ signal, pageParam }) =>
      read<Page<RecordedSession>>(filtered("/sessions", filter, pageParam, 50), { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });

export const sessionQuery = (id: string) =>
  queryOptions({
    queryKey: ["sessions", "one", id],
    queryFn: ({ signal }) => read<RecordedSession>(`/sessions/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => (state.data?.endedAt === null ? live : false),
  });

export const entriesQuery = (id: string, open: boolean) =>
  infiniteQueryOptions({
    queryKey: ["sessions", "entries", id],
    queryFn: ({ signal, pageParam }) => {
      const search = new URLSearchParams({ limit: "200" });
      if (pageParam !== null) search.set("after", pageParam);
      return read<Page<Entry>>(`/sessions/${encodeURIComponent(id)}/entries?${search}`, { signal });
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    // A long recording is not asked for whole again every few seconds.
    refetchInterval: ({ state }) => (open && (state.data?.pages.length ?? 0) <= 2 ? live : false),
  });

export const policyQuery = queryOptions({
  queryKey: ["policy", "documents"],
  queryFn: ({ signal }) => read<Policy>("/policy", { signal }),
});

export const explainQuery = queryOptions({
  queryKey: ["policy", "explain"],
  queryFn: ({ signal }) => read<Explained>("/policy/explain", { signal }),
});

export const historyQuery = queryOptions({
  queryKey: ["policy", "history"],
  queryFn: ({ signal }) => read<{ items: readonly PolicyRevision[] }>("/policy/history?limit=100", { signal }),
});

export const agentsQuery = queryOptions({
  queryKey: ["agents"],
  queryFn: ({ signal }) => read<{ items: readonly Agent[] }>("/agents", { signal }),
  refetchInterval: 2 * live,
});

export const tunnelQuery = queryOptions({
  queryKey: ["tunnel"],
  queryFn: ({ signal }) => read<{ url: string }>("/tunnel", { signal }),
  staleTime: 60_000,
});

export const usersQuery = infiniteQueryOptions({
  queryKey: ["users"],
  queryFn: ({ signal, pageParam }) => {
    const search = new URLSearchParams({ limit: "100" });
    if (pageParam !== null) search.set("after", pageParam);
    return read<Page<User>>(`/users?${search}`, { signal });
  },
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next,
});

export const groupsQuery = queryOptions({
  queryKey: ["groups"],
  queryFn: ({ signal }) => read<{ items: readonly UserGroup[] }>("/groups", { signal }),
});

export const rolesQuery = queryOptions({
  queryKey: ["roles"],
  queryFn: ({ signal }) => read<{ items: readonly Role[] }>("/roles", { signal }),
});

export const bindingsQuery = queryOptions({
  queryKey: ["roles", "bindings"],
  queryFn: ({ signal }) => read<{ items: readonly RoleBinding[] }>("/role-bindings", { signal }),
});

export const permissionsQuery = queryOptions({
  queryKey: ["roles", "permissions"],
  queryFn: ({ signal }) => read<{ items: readonly Permission[] }>("/permissions", { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export const directoriesQuery = queryOptions({
  queryKey: ["directories"],
  queryFn: ({ signal }) => read<{ items: readonly Directory[] }>("/directories", { signal }),
});

export const changesQuery = infiniteQueryOptions({
  queryKey: ["audit", "changes"],
  queryFn: ({ signal, pageParam }) => {
    const search = new URLSearchParams({ limit: "50" });
    if (pageParam !== null) search.set("after", pageParam);
    return read<Page<Entry>>(`/audit/changes?${search}`, { signal });
  },
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next,
});

export const headsQuery = queryOptions({
  queryKey: ["audit", "heads"],
  queryFn: ({ signal }) => read<AuditHeads>("/audit/heads", { signal }),
});
