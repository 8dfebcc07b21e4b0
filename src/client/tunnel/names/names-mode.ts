import type { Machine } from "../machine/machine.js";
import type { Change, MachineJournal } from "../machine/machine-journal.js";

/** The last label of every name. */
export const zone = "hoop";

/** Where the tunnel's DNS server listens. */
export interface DnsEnd {
  readonly address: string;
  readonly port: number;
}

/** What a mode works with. */
export interface NamesSetup {
  readonly machine: Machine;
  readonly journal: MachineJournal;
  /** Tells our lines from those of another tunnel on this machine. */
  readonly tag: string;
  readonly dns: DnsEnd;
}

/** Full names (`pg-demo.hoop`) and their addresses. */
export type Names = ReadonlyMap<string, string>;

/** One way to make the operating system know the names. Every change goes through the journal first. */
export interface NamesMode {
  readonly name: string;
  /** The only system that knows it; left out: all do. */
  readonly system?: NodeJS.Platform;
  /** What it does, for `--help` and `status`. */
  readonly text: string;
  /** What it needs of our DNS server: nothing, any port, or port 53. */
  readonly dns: "none" | "any-port" | "port-53";
  /** Whether the server must also answer for everybody else's names. */
  readonly forwards: boolean;
  /** Why it cannot work on this machine, or null. */
  unfit(machine: Machine): Promise<string | null>;
  /** Makes `names` known; called again whenever they change. Doing it twice does no harm. */
  apply(setup: NamesSetup, names: Names): Promise<void>;
  /** Whether a change in the journal is this mode's, and must be made fail closed after a crash. */
  owns(change: Change): boolean;
  /** The tunnel goes: `names` must now fail at once, and must not be asked of another network's DNS. */
  failClosed(setup: NamesSetup, names: Names): Promise<void>;
}
