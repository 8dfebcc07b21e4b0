import type { Verb } from "../invocation.js";
import { table } from "../table.js";

interface Listed {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly example: string;
  readonly usable: boolean;
  /** Shown to admins and auditors. */
  readonly host?: string;
  readonly agent?: string | null;
}

export const run: Verb = async ({ context }) => {
  const { items } = await (await context.api()).get<{ items: readonly Listed[] }>("/connections", {
    signal: context.signal,
  });
  const whole = items.some((connection) => connection.host !== undefined);
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "name", value: (c) => c.name },
        { title: "protocol", value: (c) => c.protocol },
        ...(whole
          ? [
              { title: "target", value: (c: Listed) => `${c.host}:${c.port}` },
              { title: "agent", value: (c: Listed) => c.agent ?? "(gateway)" },
            ]
          : []),
        {
          title: "labels",
          value: (c) =>
            Object.entries(c.labels)
              .map(([key, value]) => `${key}=${value}`)
              .join(" "),
        },
        { title: "type", value: (c) => (c.usable ? c.example : "(no rule lets you)") },
      ],
      "There is no connection that you may see. Add one: hoop connections add --help",
    ),
  );
};
