import { notifications } from "@mantine/notifications";
import type { QueryClient } from "@tanstack/react-query";
import { meQuery } from "../../api/queries.js";
import { rememberCsrfToken, write } from "../../api/request.js";
import type { SignedIn, SignInStep } from "../../api/types.js";
import { sentence } from "../../ui/sentence.js";

/** Signs this browser in by password, Hoop's own or a directory's (`provider`); null: done, else what comes next. Throws `Problem`. */
export async function signIn(
  queryClient: QueryClient,
  name: string,
  password: string,
  provider = "",
): Promise<SignInStep | null> {
  const answer = await write<SignedIn | SignInStep>("POST", "/login", {
    body: { name, password, as: "browser", ...(provider === "" ? {} : { provider }) },
  });
  if ("state" in answer) return answer;
  await enter(queryClient, answer);
  return null;
}

/** The gateway let us in; what another user saw here before is forgotten. */
export async function enter(queryClient: QueryClient, { csrfToken, notices = [] }: SignedIn): Promise<void> {
  queryClient.clear();
  rememberCsrfToken(csrfToken);
  await queryClient.fetchQuery(meQuery);
  for (const notice of notices)
    notifications.show({ message: sentence(notice), color: "yellow", role: "status", autoClose: 10_000 });
}

/** Where to go afterwards: a path of this console, never another site that a link names. */
export function ownPath(wanted: string | undefined): string {
  if (wanted === undefined) return "/";
  const url = URL.parse(wanted, location.origin);
  return url !== null && url.origin === location.origin && wanted.startsWith("/") ? url.pathname + url.search : "/";
}
