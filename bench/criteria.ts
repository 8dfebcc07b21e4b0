import type { Figures } from "./figure.js";
import { median } from "./figure.js";

/** One promise of speed, as a row: what was promised, what was measured in this run. */
export interface Criterion {
  readonly name: string;
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
  readonly unit: "×" | "MiB" | "";
  measured(figures: Figures): number | null;
}

export interface CriterionRow {
  readonly name: string;
  readonly target: string;
  readonly measured: number | null;
  readonly verdict: "pass" | "short" | "not measured";
}

const ratio = (figure: string, path: string, base: string) => (figures: Figures) => figures.ratio(figure, path, base);

/** Worst process of a path, of the medians over the rounds. */
function worstGrowth(figures: Figures): number | null {
  const grown = figures
    .names()
    .filter((name) => name.startsWith("stalled reader growth, "))
    .flatMap((name) => figures.median(name, "hoop") ?? []);
  return grown.length === 0 ? null : Math.max(...grown);
}

function policyCost(figures: Figures): number | null {
  const cells = figures.names().filter((name) => name.endsWith(" tps"));
  return median(cells.flatMap((name) => figures.ratio(name, "hoop", "hoop no policy") ?? []));
}

const atLeast = (name: string, least: number, measured: Criterion["measured"]): Criterion => ({
  name,
  bound: { atLeast: least },
  unit: "×",
  measured,
});

/** TLS on both hops is how Hoop runs; without it are the same three processes. The promises for each are the issue's own. */
const plain = "hoop plain";

export const criteria: readonly Criterion[] = [
  atLeast("prepared 32: hoop by ssh -L", 0.9, ratio("prepared 32 tps", "hoop", "ssh -L")),
  atLeast("prepared 32: hoop without TLS by ssh -L", 1.2, ratio("prepared 32 tps", plain, "ssh -L")),
  atLeast("prepared 8: hoop by ssh -L", 0.5, ratio("prepared 8 tps", "hoop", "ssh -L")),
  atLeast("prepared 8: hoop without TLS by ssh -L", 0.7, ratio("prepared 8 tps", plain, "ssh -L")),
  atLeast("prepared 1: hoop by 3 pipes", 0.7, ratio("prepared 1 tps", "hoop", "3 pipes")),
  atLeast("prepared 1: hoop without TLS by 3 pipes", 0.7, ratio("prepared 1 tps", plain, "3 pipes")),
  atLeast("COPY 1 KB rows: hoop by 3 pipes", 0.65, ratio("copy 1 KB", "hoop", "3 pipes")),
  atLeast("COPY 1 KB rows: hoop without TLS by 3 pipes", 0.65, ratio("copy 1 KB", plain, "3 pipes")),
  {
    name: "COPY, one column masked by unmasked",
    bound: { atLeast: 0.6 },
    unit: "×",
    measured: ratio("copy 100 B", "hoop masked", "hoop"),
  },
  {
    name: "SELECT, one column masked by unmasked",
    bound: { atLeast: 0.6 },
    unit: "×",
    measured: ratio("select rows", "hoop masked", "hoop"),
  },
  { name: "tps: policy on by policy off", bound: { atLeast: 0.9 }, unit: "×", measured: policyCost },
  {
    name: "first row over 20 ms: hoop by direct with TLS and SCRAM",
    bound: { atMost: 0.6 },
    unit: "×",
    measured: ratio("first row over 20 ms", "hoop", "direct TLS SCRAM"),
  },
  {
    name: "first row over 20 ms: hoop with sslmode=disable by the same",
    bound: { atMost: 0.6 },
    unit: "×",
    measured: (figures) => figures.ratio("first row over 20 ms", "hoop, sslmode=disable", "direct TLS SCRAM"),
  },
  { name: "stalled reader: growth of the worst process", bound: { atMost: 16 }, unit: "MiB", measured: worstGrowth },
  {
    // Two measurements of the same thing differ by a good third on a busy machine.
    name: "stalled reader: others' p99 during by before",
    bound: { atMost: 1.5 },
    unit: "×",
    measured: (figures) =>
      figures.ratio("stalled reader, others' p99 during", "hoop", "hoop", "stalled reader, others' p99 before"),
  },
];

export function judged(figures: Figures): readonly CriterionRow[] {
  return criteria.map(({ name, bound, unit, measured }) => {
    const value = measured(figures);
    const target = "atLeast" in bound ? `≥ ${bound.atLeast} ${unit}` : `≤ ${bound.atMost} ${unit}`;
    if (value === null) return { name, target, measured: null, verdict: "not measured" };
    const holds = "atLeast" in bound ? value >= bound.atLeast : value <= bound.atMost;
    return { name, target, measured: value, verdict: holds ? "pass" : "short" };
  });
}
