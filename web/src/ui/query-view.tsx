import type { ReactNode } from "react";
import { Loading } from "./loading.js";
import { ProblemAlert } from "./problem-alert.js";

interface Query<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

/** Loading, error or content. What was there before stays while it is asked for again, with the error above it. */
export function QueryView<T>({ query, children }: { query: Query<T>; children: (data: T) => ReactNode }) {
  const { data, error } = query;
  return (
    <>
      <ProblemAlert error={error} onRetry={() => void query.refetch()} />
      {data !== undefined ? children(data) : error === null && <Loading />}
    </>
  );
}
