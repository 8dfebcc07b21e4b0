import type { Figures } from "./figure.js";
import type { OpenPath } from "./path.js";

/** One thing that is measured on each path, once a round. */
export interface Measure {
  readonly name: string;
  /** Rounds that it is worth; fewer where one takes long. */
  readonly maxRounds?: number;
  /** Paths that it is measured on; absent: all. */
  readonly only?: readonly string[];
  /** Run once on each path before the first round: compilers of programs that run for days have been through by then. */
  warmUp?(path: OpenPath): Promise<void>;
  run(name: string, path: OpenPath, figures: Figures): Promise<void>;
}
