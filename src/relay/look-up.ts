import { withScan } from "../masking/plan-scan.js";
import { HoopError, type MaskPlan } from "../vocabulary/index.js";
import type { Asker } from "./asker.js";
import type { GatePorts } from "./context.js";
import type { OpenAsk } from "./open-asks.js";

/**
 * Plans the masks of a result anew, whose target names relations that the plan of its statement does not know: each is either new
 * since the catalogue was read, or of a kind that is masked whole.
 */
export function lookUp(
  ports: Pick<GatePorts, "catalogues" | "policy" | "planMasks" | "now">,
  asker: Asker,
  asked: OpenAsk,
  relations: readonly string[],
  answer: (result: MaskPlan | null | HoopError) => void,
): void {
  const { analysis, database, unsettled } = asked;
  ports.catalogues.invalidate(asker.connection, database);
  ports.catalogues.read(asker.connection, database, asker.subject.name, (catalogue) => {
    if (catalogue instanceof HoopError) return answer(catalogue);
    const reach = [...new Set([...analysis.reach, ...relations.map(Number).filter(Number.isSafeInteger)])];
    const { masks, scans } = ports.policy
      .current()
      .masksFor(asker.subject, asker.connection, ports.now(), asker.purpose);
    // The analysis was made without that relation: what stands where is not known.
    const planned = ports.planMasks({ ...analysis, reach, results: undefined, unsettled }, catalogue, masks);
    answer(
      planned.outcome === "plan"
        ? withScan(planned.masks, scans, analysis.copy)
        : new HoopError("denied", planned.reasons.map((reason) => reason.text).join("; ")),
    );
  });
}
