import { connectAnalysis } from "../policy/connect.js";
import type { Ask } from "../protocol/index.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import { type Catalogue, HoopError, type StatementId } from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import type { CatalogueChanges } from "./catalogue-changes.js";
import type { Considered } from "./considered.js";
import type { GatePorts } from "./context.js";
import type { Deciding } from "./deciding.js";
import type { Estimates } from "./estimates.js";
import { fetchAnalysis } from "./fetch-analysis.js";
import { noCatalogueFor, storeUnreachable } from "./gate-reasons.js";
import type { Refused } from "./held-words.js";
import { unmetCondition } from "./mask-conditions.js";
import { noCatalogue, plainAnalysis } from "./plain-analysis.js";

/** What the gate judges by. */
export interface JudgedBy {
  readonly asker: Asker;
  readonly language: string;
  readonly deciding: Deciding;
  readonly estimates: Estimates;
  readonly changes: CatalogueChanges;
}

type ConsiderPorts = Pick<GatePorts, "analysers" | "catalogues" | "policy" | "now" | "staleness" | "maxStaleMs">;

/** Decides anew on what was read of an ask that waits. */
export function decideAgain(
  ports: Pick<ConsiderPorts, "policy" | "now">,
  { asker, deciding, estimates, changes }: JudgedBy,
  ask: Ask,
  analysis: SqlAnalysis,
  catalogue: Catalogue,
): Considered {
  if (ask.phase === "connect") {
    const recorded = connectAnalysis(asker.connection);
    const decision = deciding.verdictOn(ports.policy.current(), recorded, ports.now());
    return { analysis, recorded, catalogue, decision, masks: null, unmaskable: null };
  }
  const { decision, planned } = deciding.decide(analysis, catalogue, changes.unsettled, estimates.of(ask));
  // Budgets were charged when it was asked first.
  const conditions = planned.conditions && { ...planned.conditions, budgets: [] };
  const unmet = unmetCondition(conditions, ask, undefined);
  const unmaskable = planned.reasons ?? (unmet && [unmet]);
  return { analysis, recorded: analysis, catalogue, decision, masks: planned.masks, unmaskable };
}

/** Reads and decides anew, with all as it is now. */
export function consider(
  ports: ConsiderPorts,
  by: JudgedBy,
  statement: StatementId,
  ask: Ask,
  done: (result: Considered | Refused) => void,
): void {
  const { asker, language, estimates, changes } = by;
  if (ports.staleness() > ports.maxStaleMs) return done({ reasons: [storeUnreachable] });
  const own = ask.phase === "connect" ? connectAnalysis(asker.connection) : language === "" ? ask.analysis : undefined;
  if (own) return done(decideAgain(ports, by, ask, plainAnalysis(own), noCatalogue));
  const { database } = ask.context;
  ports.catalogues.invalidate(asker.connection, database);
  ports.catalogues.read(asker.connection, database, asker.subject.name, (catalogue) => {
    if (catalogue instanceof HoopError) return done({ reasons: [noCatalogueFor(catalogue)] });
    ports.analysers[language]!.analyse(ask.text, ask.context, catalogue, (found) => {
      const analysis = fetchAnalysis(found, ask, catalogue);
      const made = decideAgain(ports, by, ask, analysis, catalogue);
      if (!estimates.missing(ask, made.decision)) return done(made);
      const { unsettled } = changes;
      estimates.get({ id: null, statement, ask, analysis, catalogue, unsettled }, () =>
        done(decideAgain(ports, by, ask, analysis, catalogue)),
      );
    });
  });
}
