import { useSuspenseQuery } from "@tanstack/react-query";
import { meQuery } from "../api/queries.js";
import type { Me } from "../api/types.js";

/** Whether something may be offered: everywhere, or somewhere; what it comes to the gateway says. */
export function may(me: Me, permission: string): boolean {
  return me.permissions.includes(permission) || me.scoped.some((one) => one.permission === permission);
}

/** Who is signed in. Below the route that asks first, so it is there. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}
