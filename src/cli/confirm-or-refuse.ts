import { HoopError } from "../vocabulary/index.js";
import { confirm } from "./ask.js";
import { flag, type Invocation } from "./invocation.js";

/** Goes on when the person says yes, or `--yes` did; a program without `--yes` is refused. */
export async function confirmOrRefuse(invocation: Invocation, question: string): Promise<void> {
  if (flag(invocation, "yes")) return;
  const { out, signal } = invocation.context;
  if (!out.interactive)
    throw new HoopError("invalid", "this must be confirmed, and nobody can be asked here", { hint: "add --yes" });
  if (!(await confirm(question, signal))) throw new HoopError("cancelled", "nothing was changed");
}
