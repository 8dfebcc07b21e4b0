import type { Assertion, Candidate, Reply, StatementStyle } from "../dialect.js";
import { loggedIn } from "../play.js";
import { allow, ComplianceError } from "../trial.js";

/** A mask is a mask: the rest of the reply is the reply. */
export const masks: Assertion = {
  number: 8,
  title: "a mask plan changes cells and only cells",
  check(candidate) {
    const { text, plan, cell } = candidate.masked;
    for (const style of candidate.styles) {
      const open = answer(candidate, style, false);
      const masked = answer(candidate, style, true);
      const where = `${style.name}, ${text}`;
      if (open.length !== masked.length)
        throw new ComplianceError(`${where}: ${open.length} messages became ${masked.length}`);
      if (!open.some((reply) => reply.kind === "row")) throw new ComplianceError(`${where}: no row came back`);
      for (const [index, reply] of open.entries()) compare(`${where}, message ${index}`, reply, masked[index]!, cell);
    }
    if (plan.columns.size === 0) throw new ComplianceError("the plan masks no column");
  },
};

function answer(candidate: Candidate, style: StatementStyle, masked: boolean): readonly Reply[] {
  const { text, plan } = candidate.masked;
  const { trial, mark } = loggedIn(candidate, { judge: (_ask, id) => allow(id, masked ? plan : null), masks: plan });
  trial.receive("client", style.encode(text));
  return candidate.replies(trial.bytesTo("client").subarray(mark.client));
}

function compare(where: string, open: Reply, masked: Reply, cell: number): void {
  if (open.kind !== masked.kind) throw new ComplianceError(`${where}: ${open.kind} became ${masked.kind}`);
  if (open.kind === "other" && masked.kind === "other" && !open.raw.equals(masked.raw))
    throw new ComplianceError(`${where}: ${open.name} changed`);
  if (open.kind !== "row" || masked.kind !== "row") return;
  if (open.cells.length !== masked.cells.length)
    throw new ComplianceError(`${where}: ${open.cells.length} cells became ${masked.cells.length}`);
  for (const [index, value] of open.cells.entries()) {
    const now = masked.cells[index] ?? null;
    const same = value === null || now === null ? value === now : value.equals(now);
    if (index === cell && value !== null && now?.includes(value))
      throw new ComplianceError(`${where}: the masked cell still shows its value`);
    if (index !== cell && !same) throw new ComplianceError(`${where}: cell ${index} changed, only ${cell} is masked`);
  }
}
