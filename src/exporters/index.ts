export { judgedLookup, maySendTo } from "./addresses.js";
export { createExporters, type Exporters, type ExportersOptions } from "./create-exporters.js";
export { type Line, linesWithin } from "./line.js";
export type * from "./store.js";
export { type ExportSource, type ExportTarget, exporterName, exportSources, exportTargetSchema } from "./target.js";
