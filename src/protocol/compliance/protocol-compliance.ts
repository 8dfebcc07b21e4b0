import { describe, expect, it } from "vitest";
import type { CreateSession } from "../session.js";
import { assertions } from "./assertions/index.js";
import type { ComplianceOptions } from "./dialect.js";

/**
 * The promises of every wire protocol, as one suite of tests. A protocol's own test file calls it with the session, the
 * recorded transcripts, and a dialect: how a client and a target of this protocol speak.
 *
 * @example
 * protocolCompliance("postgres", createPostgresSession, {
 *   ...postgresDialect,
 *   transcripts: readTranscripts(import.meta.url, "./transcripts"),
 *   denied: "drop table users",
 *   allowed: "select 1",
 *   skip: [],
 * });
 */
export function protocolCompliance(name: string, createSession: CreateSession, options: ComplianceOptions): void {
  describe(`${name} keeps the promises of every protocol`, () => {
    for (const assertion of assertions) {
      const title = `(${assertion.number}) ${assertion.title}`;
      const skipped = options.skip.find((skip) => skip.assertion === assertion.number);
      // A promise that is not kept stays visible, with its reason, and is looked at again when it begins to hold.
      if (skipped)
        it(`${title}, not kept: ${skipped.reason}`, { timeout: 120_000 }, () => {
          expect(() => assertion.check({ ...options, createSession })).toThrow();
        });
      else it(title, { timeout: 120_000 }, () => assertion.check({ ...options, createSession }));
    }
  });
}
