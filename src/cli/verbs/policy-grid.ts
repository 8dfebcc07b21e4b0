import type { Verb } from "../invocation.js";
import { type Column, table } from "../table.js";

interface Grid {
  readonly protocols: readonly { readonly name: string; readonly title: string }[];
  readonly rows: readonly Row[];
}

interface Row {
  readonly group: string;
  readonly what: string;
  readonly cells: readonly { readonly protocol: string; readonly lacks: readonly string[] }[];
}

export const run: Verb = async ({ context }) => {
  const grid = await (await context.api()).get<Grid>("/policy/grid", { signal: context.signal });
  const columns: Column<Row>[] = [
    { title: "rule", value: ({ group }) => group.replaceAll("`", "") },
    { title: "what", value: ({ what }) => what.replaceAll("`", "") },
    ...grid.protocols.map(({ name, title }) => ({
      title,
      value: ({ cells }: Row) => {
        const lacks = cells.find(({ protocol }) => protocol === name)?.lacks ?? [];
        return lacks.length === 0 ? "enforced" : `refused: ${lacks.join(", ")}`;
      },
    })),
  ];
  context.out.result(grid, () => table(grid.rows, columns));
};
