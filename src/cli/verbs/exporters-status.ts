import { HoopError } from "../../vocabulary/index.js";
import { exitCodes } from "../exit-codes.js";
import { addressOf, type ExporterView } from "../exporter.js";
import type { Verb } from "../invocation.js";
import { ago, facts } from "../table.js";

export const run: Verb = async ({ context, args }) => {
  const api = await context.api();
  const { items } = await api.get<{ items: readonly ExporterView[] }>("/exporters", { signal: context.signal });
  const wanted = items.filter(({ name }) => args[0] === undefined || name === args[0]);
  if (args[0] !== undefined && wanted.length === 0) throw new HoopError("not-found", `there is no exporter ${args[0]}`);
  context.out.result(
    wanted,
    () =>
      wanted
        .map((one) =>
          facts([
            ["exporter", one.name],
            ["to", addressOf(one)],
            [
              "state",
              !one.enabled ? "off" : one.problem === null ? "delivers" : `failing, ${one.failures} times in a row`,
            ],
            ["problem", one.problem],
            ["behind", `${one.lag} lines`],
            ["delivered", `${one.delivered} lines${one.deliveredAt ? `, the last ${ago(one.deliveredAt)}` : ""}`],
            ["lost", one.lost === 0 ? null : `${one.lost} events were deleted before they were delivered`],
          ]),
        )
        .join("\n\n") || "There is no exporter.",
  );
  return wanted.some(({ problem, lost }) => problem !== null || lost > 0) ? exitCodes.finding.code : exitCodes.ok.code;
};
