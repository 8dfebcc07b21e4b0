import { isConnect } from "../../policy/connect.js";
import { compileGlob, type Glob } from "../../policy/glob.js";
import type { Demand, Dependence, Situation } from "../../policy/policy.js";
import { type Bounds, type Connection, type ConnectionBound, type Reason, ruleId } from "../../vocabulary/index.js";

/** What bounds say of a situation. */
export interface BoundsVerdict {
  /** Null: they let it pass. */
  readonly refused: Reason | null;
  readonly dependsOn: readonly Dependence[];
}

const passes: readonly Dependence[] = [];
const timed: readonly Dependence[] = ["clock"];

/** The first bound that refuses, if one does. Rights are not looked at: bounds only take away. */
export function judgeBounds(bounds: readonly Bounds[], situation: Situation): BoundsVerdict {
  let dependsOn = passes;
  for (const bound of bounds) {
    if (bound.until !== undefined) dependsOn = timed;
    const refused = refusedBy(bound, situation);
    if (refused !== null) return { refused, dependsOn };
  }
  return { refused: null, dependsOn };
}

function refusedBy(bound: Bounds, { connection, analysis, now }: Situation): Reason | null {
  const no = (code: string, text: string): Reason => ({ rule: null, code, text });
  if (bound.until !== undefined && now >= bound.until) return no("bounds-over", `${bound.of} has ended`);
  if (!covers(bound, connection)) return no("out-of-bounds", `${bound.of} does not cover ${connection.name}`);
  if (bound.readOnly !== true || isConnect(analysis)) return null;
  const others = analysis.effects.filter((effect) => effect !== "read");
  if (others.length > 0) return no("read-only", `${bound.of} is for reading only, and this may ${others.join(", ")}`);
  // What could not be read may do anything.
  return analysis.unknowns.length === 0
    ? null
    : no("read-only", `${bound.of} is for reading only, and ${analysis.unknowns[0]}`);
}

/** Whether a bound reaches a connection at all. */
export function covers(bound: Bounds, connection: Connection): boolean {
  return bound.connections === undefined || bound.connections.some((one) => fits(one, connection));
}

function fits({ names, labels }: ConnectionBound, connection: Connection): boolean {
  // One that says nothing is nobody's way in.
  if (names === undefined && labels === undefined) return false;
  if (names !== undefined && !names.some((name) => globOf(name).matches(connection.name))) return false;
  return Object.entries(labels ?? {}).every(([label, value]) => connection.labels[label] === value);
}

const globs = new Map<string, Glob>();
const maxGlobs = 2_000;

function globOf(text: string): Glob {
  let glob = globs.get(text);
  if (glob === undefined) {
    if (globs.size >= maxGlobs) globs.clear();
    glob = compileGlob(text);
    globs.set(text, glob);
  }
  return glob;
}

/** A bound that could not be honoured must refuse the session: where statements are not judged, anything may be written. */
export function demandsOfBounds(bounds: readonly Bounds[]): readonly Demand[] {
  return bounds.some(({ readOnly }) => readOnly === true) ? readOnlyDemand : [];
}

const readOnlyDemand: readonly Demand[] = [
  { rule: ruleId("read-only"), kind: "the bound", needs: ["judge-statements"] },
];
