import { parseArgs } from "node:util";

export interface BenchOptions {
  readonly quick: boolean;
  readonly rounds: number;
  /** Of each pgbench run. */
  readonly seconds: number;
  readonly clients: readonly number[];
  readonly modes: readonly ("prepared" | "simple")[];
  /** Size of each bulk table. */
  readonly megabytes: number;
  /** Rows of the plain SELECT, and how often it is repeated. */
  readonly selectRows: number;
  readonly selectTimes: number;
  readonly firstRowTimes: number;
  /** Names of paths to take, null: all; only measures whose name has this in it, null: all. */
  readonly paths: readonly string[] | null;
  readonly measure: string | null;
}

export const usage = `npm run bench -- [options]

  --quick            fewer rounds, cells and bytes: under three minutes
  --rounds N         rounds of everything (5; quick: 2)
  --seconds N        of each pgbench run (3; quick: 1)
  --paths a,b        only these, and direct: ssh -L, pgbouncer, 3 pipes, hoop, …
  --measure TEXT     only measures with this in their name: prepared, copy, select, first row, stalled

Ratios are medians over the rounds of a value by that of direct in the same round. Results: bench/results/.`;

/** Null: help was asked for. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      paths: { type: "string" },
      measure: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const { quick } = values;
  return {
    quick,
    rounds: Number(values.rounds ?? (quick ? 2 : 5)),
    seconds: Number(values.seconds ?? (quick ? 1 : 3)),
    clients: [1, 8, 32],
    modes: quick ? ["prepared"] : ["prepared", "simple"],
    megabytes: quick ? 40 : 150,
    selectRows: 50_000,
    selectTimes: quick ? 5 : 15,
    firstRowTimes: quick ? 5 : 11,
    paths: values.paths?.split(",").map((name) => name.trim()) ?? null,
    measure: values.measure ?? null,
  };
}
