import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { asProblem } from "./problem.js";
import { meQuery } from "./queries.js";

/** Asks again where asking again helps; `onSignedOut` when an answer says that nobody is signed in any more. */
export function createQueryClient(onSignedOut: () => void): QueryClient {
  const refused = (error: unknown): boolean => asProblem(error).status === 401;
  const client = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (refused(error) && query.queryKey[0] !== "me") onSignedOut();
      },
    }),
    mutationCache: new MutationCache({
      onError: (error) => {
        // A wrong password is refused with the same status: who is signed in tells the two apart.
        if (refused(error)) {
          client.fetchQuery({ ...meQuery, staleTime: 0 }).catch((other: unknown) => {
            if (refused(other)) onSignedOut();
          });
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        retry: (count, error) => {
          const { status } = asProblem(error);
          return count < 2 && (status === 0 || status >= 502);
        },
      },
      mutations: { retry: false },
    },
  });
  return client;
}
