import type { Ask, ExpectedEffect } from "../protocol/index.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import type { Catalogue, HoldTerms, StatementId } from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import type { PeoplePorts } from "./context.js";
import type { SessionTrail } from "./session-trail.js";

const verbs = /^(?:\s+|--[^\n\r]*[\n\r]|\/\*[^*/]*\*\/)*(insert|update|delete|merge)\b/i;

/** Why the run of an approved statement could not be compared with its rehearsal; null: it can. */
export function comparable({ phase, context, text }: Ask, { statements }: SqlAnalysis): string | null {
  if (phase !== "statement") return "it is sent with bind values, or prepared";
  if (context.transaction !== "idle") return "it stands in an open transaction of its client";
  if (statements !== 1 || !verbs.test(text)) return "it is not one INSERT, UPDATE, DELETE or MERGE";
  if (/\breturning\b/i.test(text)) return "it returns rows to its client";
  return null;
}

/** Tries what is held, beside the wait of its client, and brings it to the review. */
export function startRehearsal(
  ports: { readonly people: PeoplePorts; readonly asker: Asker; readonly trail: SessionTrail },
  ask: Ask,
  statement: StatementId,
  { analysis, catalogue }: { readonly analysis: SqlAnalysis; readonly catalogue: Catalogue },
  terms: readonly HoldTerms[],
  review: string,
): void {
  const { rehearsals, notes } = ports.people;
  if (!rehearsals || !notes || !terms.some(({ rehearse }) => rehearse)) return;
  const question = { asker: ports.asker, statement, ask, analysis, catalogue, settings: ports.trail.settings };
  notes
    .shown(review)
    // Another wait for the same review has brought one: what people look at does not change under their eyes.
    .then((shown) =>
      shown?.kind === "tried"
        ? undefined
        : rehearsals.rehearse(question, review).then((found) => notes.rehearsed(review, found)),
    )
    .catch(() => {});
}

/** What the approved run is held to; undefined: nothing was tried, or it cannot be compared. */
export async function expectedEffect(
  { notes }: PeoplePorts,
  ask: Ask,
  analysis: SqlAnalysis,
  terms: readonly HoldTerms[],
  review: string,
): Promise<ExpectedEffect | undefined> {
  if (!notes || !terms.some(({ rehearse }) => rehearse) || comparable(ask, analysis) !== null) return undefined;
  const shown = await notes.shown(review);
  const verb = verbs.exec(ask.text)?.[1]?.toUpperCase() as ExpectedEffect["verb"] | undefined;
  if (shown?.kind !== "tried" || verb === undefined) return undefined;
  return { verb, rows: shown.rows, keys: shown.keys, ran: shown.ran, review };
}
