export type { Pipe, PipeAbort, PipeSink } from "./pipe.js";
