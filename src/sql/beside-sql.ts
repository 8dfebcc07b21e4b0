import type { Analysis } from "../vocabulary/index.js";
import type { SqlAnalysis } from "./analyser.js";

/** What is no SQL, as analyses of SQL are kept: it reaches no relation that a catalogue names, returns no column and changes no meaning. */
export function besideSql(analysis: Analysis): SqlAnalysis {
  return {
    ...analysis,
    reach: [],
    columns: [],
    opaque: false,
    copy: null,
    copyQuery: null,
    changesCatalogue: false,
    changesContext: false,
    statements: 1,
  };
}
