import type { Ask, ExpectedEffect } from "../protocol/index.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import type { Catalogue, HoldTerms, StatementId } from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import type { PeoplePorts } from "./context.js";
import type { SessionTrail } from "./session-trail.js";
import { within } from "./within.js";

const verbs = /^(?:\s+|--[^\n\r]*[\n\r]|\/\*[^*/]*\*\/)*(insert|update|delete|merge)\b/i;

/** How long an approved statement waits for its rehearsal, where it was approved before that was over. */
const rehearsalMs = 20_000;

/** Why the run of an approved statement could not be compared with its rehearsal; null: it can. */
export function comparable({ text }: Ask, { statements }: SqlAnalysis, wrote: boolean): string | null {
  if (wrote) return "its transaction has written, which a rehearsal does not see";
  if (statements !== 1 || !verbs.test(text)) return "it is not one INSERT, UPDATE, DELETE or MERGE";
  if (/\breturning\b/i.test(text)) return "it returns rows to its client";
  return null;
}

/** Tries what is held, beside the wait of its client, and brings it to the review. Answers when it is there; never rejects. */
export async function startRehearsal(
  ports: { readonly people: PeoplePorts; readonly asker: Asker; readonly trail: SessionTrail },
  ask: Ask,
  statement: StatementId,
  { analysis, catalogue }: { readonly analysis: SqlAnalysis; readonly catalogue: Catalogue },
  terms: readonly HoldTerms[],
  review: string,
): Promise<void> {
  const { rehearsals, notes } = ports.people;
  if (!rehearsals || !notes || !terms.some(({ rehearse }) => rehearse)) return;
  const { settings, wrote } = ports.trail;
  const question = { asker: ports.asker, statement, ask, analysis, catalogue, settings, wrote };
  try {
    // Another wait for the same review has brought one: what people look at does not change under their eyes.
    if ((await notes.shown(review))?.kind === "tried") return;
    await notes.rehearsed(review, await rehearsals.rehearse(question, review));
  } catch {
    // Nothing is shown then, and nothing is compared, which the record says.
  }
}

/**
 * What the approved run is held to, or why to nothing; undefined: no rule asks. `rehearsed`: as long as the rehearsal is under way
 * an early approval waits for it, within bounds.
 */
export async function expectedEffect(
  { notes }: PeoplePorts,
  ask: Ask,
  analysis: SqlAnalysis,
  wrote: boolean,
  terms: readonly HoldTerms[],
  review: string,
  rehearsed: Promise<void>,
): Promise<ExpectedEffect | string | undefined> {
  if (ask.phase === "connect" || !terms.some(({ rehearse }) => rehearse)) return undefined;
  const obstacle = comparable(ask, analysis, wrote);
  if (obstacle !== null) return obstacle;
  if (!notes) return "nothing here rehearses";
  await within(rehearsed, () => {}, rehearsalMs).catch(() => {});
  const shown = await within(notes.shown(review), () => {});
  const verb = verbs.exec(ask.text)?.[1]?.toUpperCase() as ExpectedEffect["verb"] | undefined;
  if (shown === null || verb === undefined) return "it was approved, and its rehearsal was not over in time";
  if (shown.kind !== "tried") return `it was not rehearsed: ${shown.why}`;
  return { verb, rows: shown.rows, keys: shown.keys, ran: shown.ran, review };
}
