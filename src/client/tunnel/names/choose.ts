import { HoopError } from "../../../vocabulary/index.js";
import type { Machine } from "../machine/machine.js";
import { namesModes } from "./index.js";
import type { NamesMode } from "./names-mode.js";

/** The modes to try, best first, and why the others were passed over. */
export interface NamesChoice {
  readonly modes: readonly NamesMode[];
  readonly passedOver: readonly { readonly mode: string; readonly why: string }[];
}

/**
 * Looks at the machine. `auto` never takes `resolv-conf`: other programs write that file again and again, and every name
 * of the machine would hang on us; the hosts file serves as well. `none` gives no mode; a mode by name must fit.
 */
export async function chooseNames(wanted: string, machine: Machine): Promise<NamesChoice> {
  if (wanted === "none") return { modes: [], passedOver: [] };
  if (wanted !== "auto") {
    const mode = namesModes.find((known) => known.name === wanted);
    if (!mode) {
      throw new HoopError("invalid", `there is no names mode ${JSON.stringify(wanted)}`, {
        hint: `use auto, none, ${namesModes.map((known) => known.name).join(", ")}`,
      });
    }
    const why = await mode.unfit(machine);
    if (why)
      throw new HoopError("precondition-failed", `names by ${mode.name} cannot work here: ${why}`, {
        hint: "use --names=auto",
      });
    return { modes: [mode], passedOver: [] };
  }
  const modes: NamesMode[] = [];
  const passedOver: { mode: string; why: string }[] = [];
  for (const mode of namesModes) {
    // What is of another system is no news to anybody.
    if (mode.name === "resolv-conf" || (mode.system !== undefined && mode.system !== machine.platform)) continue;
    const why = await mode.unfit(machine);
    if (why === null) modes.push(mode);
    else passedOver.push({ mode: mode.name, why });
  }
  return { modes, passedOver };
}
