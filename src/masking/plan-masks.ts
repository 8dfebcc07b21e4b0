import { type Mask, type MaskPlan, type Reason, ruleId } from "../vocabulary/index.js";
import { echoesRelation } from "./echoes.js";
import type { PlanInput, PlanMasks, Planned } from "./plan.js";
import { predicates } from "./predicates.js";
import { resultMasks } from "./result-masks.js";
import { type Sensitivity, sensitivityOf } from "./sensitivity.js";

/**
 * What becomes of the values that one statement returns. Pure; the catalogue is looked at once for the very masks and
 * catalogue objects, so keep handing in the same ones. What cannot be told is masked, or, where it would flow elsewhere,
 * refused.
 */
export const planMasks: PlanMasks = (input, catalogue, masks) => {
  if (masks.length === 0) return untouched;
  const sensitivity = sensitivityOf(catalogue, masks);
  let planned = sensitivity.plans.get(input);
  if (!planned) {
    planned = plan(input, sensitivity);
    sensitivity.plans.set(input, planned);
  }
  return planned;
};

const untouched: Planned = Object.freeze({ outcome: "plan", masks: null });
const redact = Object.freeze({ method: "redact" as const });

type Reference = PlanInput["columns"][number];

function plan(input: PlanInput, sensitivity: Sensitivity): Planned {
  // What nobody could read may copy any value to where it is no longer the column that a rule names.
  const [unknown] = input.unknowns ?? [];
  if (unknown !== undefined && sensitivity.any) return { outcome: "deny", reasons: [unreadReason(unknown)] };
  if (input.unsettled === true && sensitivity.any && carries(input))
    return { outcome: "deny", reasons: [unsettledReason] };
  const reach = new Set(input.reach);
  for (const { relation } of input.columns) if (relation !== null) reach.add(relation);
  for (const { relation } of input.copy ?? []) reach.add(relation);
  const showing = [...reach].filter((relation) => sensitivity.shows(relation));
  // Anything may lie behind what cannot be read, if there is anything to find.
  const echo = input.resources?.some(({ kind, name }) => kind === "relation" && echoesRelation(name)) ?? false;
  const blind = (input.opaque || echo || input.unsettled === true) && sensitivity.any;
  const quotes = input.opaqueText === true && sensitivity.any;
  if (showing.length === 0 && !blind && !quotes) return untouched;

  const shows = (reference: Reference) => showsReference(reference, showing, sensitivity, blind);
  const sink = input.columns.find((reference) => reference.use === "sink" && shows(reference));
  if (sink) return { outcome: "deny", reasons: [sinkReason(sink, sensitivity)] };
  // Columns of the system's relations have no origin that could be followed to where they are written.
  if (blind && echo && input.columns.some(({ use }) => use === "target" || use === "sink")) {
    return { outcome: "deny", reasons: [sinkReason({ relation: null, name: "*", use: "sink" }, sensitivity)] };
  }

  const decided = predicates(input, showing, sensitivity);
  if (decided.denied !== null) return { outcome: "deny", reasons: [decided.denied] };

  const proven = new Set<string>();
  let unproven = false;
  for (const relation of reach) {
    if (sensitivity.isProven(relation)) proven.add(String(relation));
    else unproven ||= sensitivity.isUnproven(relation);
  }
  // Plain columns say where they come from; the rest may be made of anything that an expression reads, that a view or
  // foreign table shows, or that a copied query returns without describing it.
  const mixed =
    blind ||
    unproven ||
    (input.copyQuery ?? null) !== null ||
    input.columns.some((reference) => reference.use === "computed" && shows(reference));
  const made: MaskPlan = {
    columns: sensitivity.columns,
    proven,
    others: mixed ? redact : null,
    text: redact,
    copy: input.copy?.map(({ relation, column }) => `${relation}.${column}`) ?? null,
    textTypes: sensitivity.textTypes,
    // While the catalogue does not hold, nobody can say what stands where.
    ...(input.results === undefined || input.unsettled === true
      ? {}
      : {
          results: resultMasks(input.results, sensitivity, (name) => shows({ relation: null, name, use: "computed" })),
          system: sensitivity.system,
        }),
  };
  const written = writtenMasks(input, sensitivity);
  const conditions = { budgets: decided.budgets, written };
  return {
    outcome: "plan",
    masks: made,
    ...(decided.budgets.length + written.length === 0 ? {} : { conditions }),
  };
}

/** Masks of the columns that the statement writes to. */
function writtenMasks({ columns }: PlanInput, sensitivity: Sensitivity): readonly Mask[] {
  const masks = new Set<Mask>();
  for (const { relation, name, use } of columns) {
    if (use !== "target" || relation === null) continue;
    for (const [column, { mask }] of sensitivity.masksIn(relation))
      if (name === "*" || name === column) masks.add(mask);
  }
  return [...masks];
}

/** Something of it goes elsewhere than into a result: a value, or whatever a function of the users' may do. */
function carries({ columns, effects, resources }: PlanInput): boolean {
  if (columns.some(({ use }) => use === "sink")) return true;
  if ((effects ?? []).every((effect) => effect === "read")) return false;
  return (resources ?? []).some(({ kind, name }) => kind === "function" && !name.startsWith("pg_catalog."));
}

const unsettledReason: Reason = {
  rule: null,
  code: "sensitive-sink",
  text: "this transaction has changed what names mean; until it is committed nobody can tell whether columns that are masked for you would be copied",
};

function unreadReason(why: string): Reason {
  return {
    rule: null,
    code: "sensitive-sink",
    text: `columns are masked for you here, and this statement could not be read in full (${why}): it may copy them to where no mask covers them`,
  };
}

function showsReference(
  { relation, name }: Reference,
  showing: readonly number[],
  sensitivity: Sensitivity,
  blind: boolean,
): boolean {
  if (relation !== null) return sensitivity.showsColumn(relation, name);
  // A column that the catalogue does not have is a newer name of one that it has.
  return (
    blind ||
    showing.some((candidate) => sensitivity.showsColumn(candidate, name) || !sensitivity.hasColumn(candidate, name))
  );
}

function sinkReason({ relation, name }: Reference, sensitivity: Sensitivity): Reason {
  const rule = relation === null ? null : sensitivity.ruleOf(relation, name);
  const what =
    name === "*"
      ? "columns that are masked for you, or may show what is,"
      : `column ${name}, which is masked for you or may show what is,`;
  const where = relation === null ? " (where it comes from could not be told)" : "";
  return {
    rule: rule === null ? null : ruleId(rule),
    code: "sensitive-sink",
    text: `${what} would flow into something other than the result${where}; a mask can only cover results`,
  };
}
