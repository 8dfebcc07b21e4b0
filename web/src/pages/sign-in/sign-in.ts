import type { QueryClient } from "@tanstack/react-query";
import { meQuery } from "../../api/queries.js";
import { rememberCsrfToken, write } from "../../api/request.js";

/** Signs this browser in; what another user saw here before is forgotten. Throws `Problem`. */
export async function signIn(queryClient: QueryClient, name: string, password: string): Promise<void> {
  const { csrfToken } = await write<{ csrfToken: string }>("POST", "/login", {
    body: { name, password, as: "browser" },
  });
  queryClient.clear();
  rememberCsrfToken(csrfToken);
  await queryClient.fetchQuery(meQuery);
}

/** Where to go afterwards: a path of this console, never another site that a link names. */
export function ownPath(wanted: string | undefined): string {
  if (wanted === undefined) return "/";
  const url = URL.parse(wanted, location.origin);
  return url !== null && url.origin === location.origin && wanted.startsWith("/") ? url.pathname + url.search : "/";
}
