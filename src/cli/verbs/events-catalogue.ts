import { HoopError } from "../../vocabulary/index.js";
import type { Verb } from "../invocation.js";
import { table } from "../table.js";

interface TypeView {
  readonly type: string;
  readonly version: number;
  readonly summary: string;
  readonly schema: object;
  readonly sample: object;
}

export const run: Verb = async ({ context, args }) => {
  const { items } = await (await context.api()).get<{ items: readonly TypeView[] }>("/events/catalogue", {
    signal: context.signal,
  });
  const wanted = args[0];
  if (wanted !== undefined) {
    const found = items.find(({ type }) => type === wanted);
    if (found === undefined)
      throw new HoopError("not-found", `there is no event ${JSON.stringify(wanted)}`, {
        hint: "hoop events catalogue",
      });
    return context.out.result(
      found,
      () => `${found.summary}\n\n${JSON.stringify({ schema: found.schema, sample: found.sample }, null, 2)}`,
    );
  }
  context.out.result(items, () =>
    table(
      items,
      [
        { title: "event", value: (e) => e.type },
        { title: "version", value: (e) => e.version },
        { title: "when it is written", value: (e) => e.summary },
      ],
      "",
    ),
  );
};
