import type { RunbookStore, Runbooks, RunSubjects } from "../runbooks/index.js";
import { HoopError } from "../vocabulary/index.js";

/** Runbooks, as the API uses them. */
export interface RunbooksPort {
  readonly store: RunbookStore;
  readonly runbooks: Runbooks;
  readonly subjects: RunSubjects;
  /** Below which repositories on the gateway's disk may be; null: nowhere. */
  readonly fileRoot: string | null;
  putSecret(source: string, secret: string): Promise<void>;
  dropSecret(source: string): Promise<void>;
}

/** The port, for routes. Where a gateway is made without runbooks, each call says so. */
export function runbooksOf({ runbooks }: { readonly runbooks?: RunbooksPort | undefined }): RunbooksPort {
  if (runbooks) return runbooks;
  const none = (): never => {
    throw new HoopError("unsupported", "this gateway has no runbooks");
  };
  const nothing = new Proxy({}, { get: () => none }) as never;
  return {
    store: nothing,
    runbooks: { runner: nothing, sync: none, close: none },
    subjects: nothing,
    fileRoot: null,
    putSecret: none,
    dropSecret: none,
  };
}
