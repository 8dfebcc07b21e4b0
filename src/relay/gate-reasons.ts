import type { HoopError, Reason } from "../vocabulary/index.js";

/** Why nothing passes, whatever the rules say. */
export function denial(code: string, text: string): Reason {
  return { rule: null, code, text };
}

export const storeUnreachable = denial(
  "store-unreachable",
  "the gateway has lost its store for too long to know whether you still may do this; try again shortly",
);

export const notAdmitted = denial("not-admitted", "access to this connection waits for approval");

export function noCatalogueFor(error: HoopError): Reason {
  return denial("catalogue-unavailable", `the target's catalogue could not be read: ${error.message}`);
}
