import type { Decision, PlanEstimate } from "../policy/policy.js";
import type { Ask } from "../protocol/index.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import type { Catalogue, StatementId } from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import type { GatePorts } from "./context.js";
import type { SessionTrail } from "./session-trail.js";

/** What a rule asks the planner, for one session: once an ask, with its values. */
export interface Estimates {
  /** Undefined: not asked; null: it cannot be had, and the rule counts as met. */
  of(ask: Ask): PlanEstimate | null | undefined;
  /** A rule asks for it and nobody has yet. */
  missing(ask: Ask, decision: Decision): boolean;
  /** Has it told; `then` is not called when nobody waits for the ask any more. */
  get(asked: EstimatedAsk, then: () => void): void;
  forget(id: number): void;
  close(): void;
}

/** Of what runs nothing. */
export const nothing: PlanEstimate = { rows: 0, cost: 0, scans: [] };

export interface EstimatedAsk {
  /** Null: whoever asks looks itself whether anybody still waits. */
  readonly id: number | null;
  readonly statement: StatementId;
  readonly ask: Ask;
  readonly analysis: SqlAnalysis;
  readonly catalogue: Catalogue;
  /** What names mean was changed in a transaction that is open: another session would read them otherwise. */
  readonly unsettled: boolean;
}

export function createEstimates({ people }: Pick<GatePorts, "people">, asker: Asker, trail: SessionTrail): Estimates {
  const known = new WeakMap<Ask, PlanEstimate | null>();
  const asked = new Set<number>();
  return {
    of: (ask) => known.get(ask),
    missing: (ask, { needs }) => needs === "estimate" && !known.has(ask),

    get({ id, statement, ask, analysis, catalogue, unsettled }, then) {
      const tell = (estimate: PlanEstimate | null): void => {
        known.set(ask, estimate);
        if (id === null || asked.delete(id)) then();
      };
      if (id !== null) asked.add(id);
      const rehearsals = people?.rehearsals;
      if (rehearsals === undefined || unsettled) return tell(null);
      const { settings, wrote } = trail;
      rehearsals.estimate({ asker, statement, ask, analysis, catalogue, settings, wrote }).then(tell, () => tell(null));
    },

    forget: (id) => void asked.delete(id),
    close: () => asked.clear(),
  };
}
