import { expect, it } from "vitest";
import { newSession, statementDraft } from "../../test/recording/support.js";
import { chainId } from "../vocabulary/index.js";
import { describedAnalysis, entryBody } from "./entry.js";
import type { EntryDraft } from "./recorder.js";

const chain = chainId("6f0c5b1e-5a2c-4f0e-9d55-0a51b6a0c0de");
type Statement = Extract<EntryDraft, { kind: "statement" }>;

it("says of each statement what it is, however much it has in common with the one before", () => {
  const first = statementDraft(newSession(), 1) as Statement;
  const other = { ...first.analysis!, shape: "another" };
  const changes: Partial<Statement>[] = [
    {},
    {},
    { shown: "select $2" },
    { shown: null },
    { analysis: other },
    { analysis: null },
    { reasons: [{ rule: null, code: "other", text: "another reason" }] },
    { policyVersion: "7" },
    { connection: "pg-other" },
    { shadows: [{ rule: "guard/x" as string, outcome: "deny", reasons: [] }] },
    { outcome: "deny", phase: "prepare" },
    { shown: "\ud800 \u{1F600} \0" },
    {},
  ];
  for (const [n, change] of changes.entries()) {
    // The same actor throughout, as in one session.
    const draft: Statement = { ...first, ...change, actor: first.actor };
    const body = JSON.parse(entryBody(chain, n + 1, "0".repeat(64), 1_000, draft, {}));
    expect(body).toEqual({
      v: 1,
      chain,
      seq: n + 1,
      prev: "0".repeat(64),
      time: 1_000,
      kind: "statement",
      session: draft.session,
      outcome: draft.outcome,
      statement: draft.statement,
      phase: draft.phase,
      purpose: draft.purpose,
      text: "shown",
      values: null,
      shown: draft.shown,
      analysis: draft.analysis === null ? null : describedAnalysis(draft.analysis).hash,
      actor: draft.actor,
      connection: draft.connection,
      reasons: draft.reasons,
      policyVersion: draft.policyVersion,
      ...(draft.shadows === undefined ? {} : { shadows: draft.shadows }),
    });
  }
});
