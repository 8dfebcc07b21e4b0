import { useSuspenseQuery } from "@tanstack/react-query";
import { meQuery } from "../api/queries.js";
import type { Me } from "../api/types.js";

/** Who is signed in. Below the route that asks first, so it is there. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}
