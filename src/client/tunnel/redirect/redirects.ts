import type { Machine } from "../machine/machine.js";
import type { MachineJournal } from "../machine/machine-journal.js";
import { nftRules, nftTable, type Redirect } from "./nft-rules.js";

/** The redirects in force, as rules of the kernel (nftables). */
export class Redirects {
  readonly #machine: Machine;
  readonly #journal: MachineJournal;
  readonly #table: string;
  readonly #allowed: boolean;
  #current: readonly Redirect[] = [];

  /** `tag` tells one tunnel of a machine from the others. */
  constructor(machine: Machine, journal: MachineJournal, tag: string, allowed: boolean) {
    this.#machine = machine;
    this.#journal = journal;
    this.#table = nftTable(tag);
    this.#allowed = allowed && machine.platform === "linux";
  }

  /** Makes exactly `redirects` hold; null: done, else why not (they then do not hold). */
  async set(redirects: readonly Redirect[]): Promise<string | null> {
    if (JSON.stringify(redirects) === JSON.stringify(this.#current)) return null;
    if (!this.#allowed) return redirects.length > 0 ? "redirects are not allowed or not known on this system" : null;
    if (redirects.length > 0) {
      this.#journal.note({
        kind: "command",
        what: `the nftables table ${this.#table}`,
        undo: ["nft", "-f", "-"],
        input: nftRules(this.#table, []),
        stays: false,
      });
    }
    const { code, output } = await this.#machine.run("nft", ["-f", "-"], { input: nftRules(this.#table, redirects) });
    if (code !== 0) return `nft refused: ${output.trim().split("\n")[0]?.slice(0, 160) || "not installed"}`;
    this.#current = redirects;
    return null;
  }
}
