import type { Verb } from "../invocation.js";
import { ago, table } from "../table.js";

interface Agent {
  readonly name: string;
  readonly state: string;
  readonly version: string | null;
  readonly connectedAt: string | null;
  readonly lanes: number;
  readonly allows: readonly string[];
  readonly certificateExpires: string | null;
}

export const run: Verb = async ({ context }) => {
  const { items } = await (await context.api()).get<{ items: readonly Agent[] }>("/agents", { signal: context.signal });
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "agent", value: (a) => a.name },
        { title: "state", value: (a) => a.state },
        { title: "since", value: (a) => ago(a.connectedAt) },
        { title: "lanes", value: (a) => a.lanes },
        { title: "version", value: (a) => a.version },
        { title: "certificate ends", value: (a) => ago(a.certificateExpires) },
        { title: "may dial", value: (a) => a.allows.join(" ") },
      ],
      "No agent has joined yet: hoop agents join-token NAME",
    ),
  );
};
