import type { PlanConditions } from "../masking/plan.js";
import { withScan } from "../masking/plan-scan.js";
import type { Decision, PlanEstimate, PolicySet } from "../policy/policy.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import {
  answerableFor,
  type Catalogue,
  type Connection,
  type MaskPlan,
  type Reason,
  type Subject,
} from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import type { GatePorts } from "./context.js";
import { fieldPlan, noCatalogue } from "./plain-analysis.js";
import type { Spending } from "./spending.js";

type Planned = {
  readonly masks: MaskPlan | null;
  readonly reasons: readonly Reason[] | null;
  readonly conditions?: PlanConditions | undefined;
};

/** What was decided for an analysis, as long as nothing it rests on has changed. */
export interface Decided {
  readonly policy: PolicySet;
  readonly subject: Subject;
  readonly connection: Connection;
  readonly catalogue: Catalogue;
  readonly decision: Decision;
  /** The decision rests on nothing that may change from one statement to the next. */
  readonly settled: boolean;
  readonly planned: Planned;
}

type DecidingPorts = Pick<GatePorts, "policy" | "planMasks" | "people" | "now">;

/** Decides on what was read, with the masks that go with it; what rests on nothing else is kept by its analysis. */
export class Deciding {
  readonly #ports: DecidingPorts;
  readonly #asker: Asker;
  readonly #known: Spending["known"];
  readonly #freshness: () => number | null;
  readonly #kept = new WeakMap<SqlAnalysis, Decided>();

  constructor(ports: DecidingPorts, asker: Asker, known: Spending["known"]) {
    this.#ports = ports;
    this.#asker = asker;
    this.#known = known;
    this.#freshness = () => ports.people?.freshness.age(answerableFor(asker.subject).id, asker.connection.name) ?? null;
  }

  /** `unsettled`: what names mean was changed in a transaction that is still open. */
  decide(
    analysis: SqlAnalysis,
    catalogue: Catalogue,
    unsettled: boolean,
    estimate: PlanEstimate | null | undefined,
  ): Decided {
    const policy = this.#ports.policy.current();
    const { subject, connection } = this.#asker;
    const before = unsettled ? undefined : this.#kept.get(analysis);
    const known =
      before &&
      before.policy === policy &&
      before.subject === subject &&
      before.connection === connection &&
      before.catalogue === catalogue
        ? before
        : null;
    if (known?.settled) return known;
    const now = this.#ports.now();
    const decision = this.verdictOn(policy, analysis, now, estimate);
    // What is masked does not depend on what is left of a budget.
    if (known !== null && decision.verdict.outcome !== "deny") return { ...known, decision };
    const { planned, onlyByShape } = this.#plan(policy, analysis, catalogue, decision, now, unsettled);
    const settled = onlyShape(decision.dependsOn);
    const made: Decided = { policy, subject, connection, catalogue, decision, settled, planned };
    const keeps = settled || decision.verdict.outcome !== "deny";
    if (!unsettled && keeps && onlyByShape) this.#kept.set(analysis, made);
    return made;
  }

  /** The rules' word alone. */
  verdictOn(
    policy: PolicySet,
    analysis: Parameters<PolicySet["decide"]>[0]["analysis"],
    now: number,
    estimate?: PlanEstimate | null,
  ): Decision {
    const { subject, connection } = this.#asker;
    return policy.decide({ subject, connection, analysis, now, freshness: this.#freshness, estimate, ...this.#known });
  }

  #plan(
    policy: PolicySet,
    analysis: SqlAnalysis,
    catalogue: Catalogue,
    decision: Decision,
    now: number,
    unsettled: boolean,
  ): { readonly planned: Planned; readonly onlyByShape: boolean } {
    const { subject, connection, purpose } = this.#asker;
    const { masks, scans, dependsOn } = policy.masksFor(subject, connection, now, purpose);
    const onlyByShape = onlyShape(dependsOn);
    if (decision.verdict.outcome === "deny") return { planned: unplanned, onlyByShape };
    const plan =
      catalogue === noCatalogue
        ? { outcome: "plan" as const, masks: fieldPlan(masks) }
        : this.#ports.planMasks(unsettled ? { ...analysis, unsettled } : analysis, catalogue, masks);
    if (plan.outcome !== "plan") return { planned: { masks: null, reasons: plan.reasons }, onlyByShape };
    const scanned = withScan(plan.masks, scans, analysis.copy);
    return { planned: { masks: scanned, reasons: null, conditions: plan.conditions }, onlyByShape };
  }
}

/** What is denied needs no masks. */
const unplanned: Planned = { masks: null, reasons: null };

function onlyShape(dependsOn: ReadonlySet<string>): boolean {
  return dependsOn.size === 0 || (dependsOn.size === 1 && dependsOn.has("shape"));
}
