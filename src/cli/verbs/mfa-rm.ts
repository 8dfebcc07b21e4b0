import { HoopError } from "../../vocabulary/index.js";
import { confirmOrRefuse } from "../confirm-or-refuse.js";
import type { Verb } from "../invocation.js";
import { withProof } from "../second-factor/prove.js";
import type { Factor, Factors } from "../second-factor/shapes.js";

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const api = await context.api();
  const { items } = await api.get<Factors>("/me/factors", { signal: context.signal });
  const factor = oneOf(items, args[0]!);
  const last = items.length === 1 ? " It is your last one: your password alone will let in whoever knows it." : "";
  await confirmOrRefuse(invocation, `Remove ${factor.name}?${last}`);
  await withProof(context, api, () => api.delete(`/me/factors/${factor.id}`, { signal: context.signal }));
  context.out.result({ removed: factor.id, name: factor.name }, () => `Removed ${factor.name}.`);
};

function oneOf(items: readonly Factor[], wanted: string): Factor {
  const found = items.filter(
    ({ id, name }) => name.toLowerCase() === wanted.toLowerCase() || (wanted.length >= 4 && id.startsWith(wanted)),
  );
  if (found.length === 1) return found[0]!;
  throw new HoopError(
    found.length === 0 ? "not-found" : "conflict",
    found.length === 0
      ? `you have no factor ${JSON.stringify(wanted)}`
      : `several factors are called ${JSON.stringify(wanted)}`,
    { hint: "hoop mfa ls shows names and ids" },
  );
}
