import { HoopError } from "../../vocabulary/index.js";
import type { Verb } from "../invocation.js";

interface Delegation {
  readonly id: string;
  readonly machine: { readonly name: string };
  readonly standing: boolean;
}

export const run: Verb = async ({ context, args }) => {
  const wanted = args[0]!.toLowerCase();
  const api = await context.api();
  const { items } = await api.get<{ items: Delegation[] }>("/delegations", { signal: context.signal });
  const found = items.filter(({ id, standing }) => standing && id.startsWith(wanted));
  if (found.length > 1) throw new HoopError("invalid", `${found.length} delegations begin with ${wanted}`);
  // Somebody else's, by its whole id.
  const id = found[0]?.id ?? wanted;
  await api.delete(`/delegations/${encodeURIComponent(id)}`, { signal: context.signal });
  context.out.result(
    { ended: id },
    () => `${found[0]?.machine.name ?? "The machine"} acts for you no more: what it had open ends now.`,
  );
};
