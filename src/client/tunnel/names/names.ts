import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { DnsServer } from "../dns/dns-server.js";
import { type Forward, forwardTo } from "../dns/forward.js";
import { readShared } from "../machine/shared-file.js";
import type { NamesChoice } from "./choose.js";
import { type DnsEnd, type NamesMode, type NamesSetup, zone } from "./names-mode.js";
import { upstreamServers } from "./resolv-conf.js";

/** How the names stand. */
export interface NamesState {
  readonly mode: string;
  readonly problem: string | null;
  readonly dns: DnsEnd | null;
}

const lookupMs = 5_000;

/** The names of a running tunnel: the mode in force, its DNS server, and the canary that proves the way. */
export class TunnelNames {
  /** A name that nobody else can know; only our server or our hosts lines answer it. */
  readonly canary = `canary-${randomBytes(5).toString("hex")}.${zone}`;
  readonly #setup: Omit<NamesSetup, "dns">;
  readonly #address: string;
  readonly #canaryAddress: string;
  readonly #anyPort: number;
  readonly #log: (level: "info" | "warn", text: string) => void;
  #mode: NamesMode | null = null;
  #dns: DnsServer | null = null;
  #problem: string | null = null;
  #names: ReadonlyMap<string, string> = new Map();

  constructor(
    setup: Omit<NamesSetup, "dns">,
    where: { address: string; canaryAddress: string; anyPort: number },
    log: (level: "info" | "warn", text: string) => void,
  ) {
    this.#setup = setup;
    this.#address = where.address;
    this.#canaryAddress = where.canaryAddress;
    this.#anyPort = where.anyPort;
    this.#log = log;
  }

  get state(): NamesState {
    return { mode: this.#mode?.name ?? "none", problem: this.#problem, dns: this.#dns?.end ?? null };
  }

  get dnsAnswered(): number {
    return this.#dns?.answered ?? 0;
  }

  /** Takes the first mode that works, proven by the canary; where there is another to try, one that fails is undone. */
  async start(choice: NamesChoice): Promise<void> {
    const why = choice.passedOver.map(({ mode, why }) => `${mode}: ${why}`);
    for (const [i, mode] of choice.modes.entries()) {
      const last = i === choice.modes.length - 1;
      const problem = await this.#try(mode);
      if (problem === null || last) {
        this.#problem = problem;
        if (problem) this.#log("warn", `names: ${problem}`);
        return;
      }
      this.#log("warn", `names by ${mode.name} do not work (${problem}); trying the next way`);
      why.push(`${mode.name}: ${problem}`);
      await this.#leave();
    }
    this.#problem = why.length > 0 ? `no way to make names known works here (${why.join("; ")})` : null;
  }

  /** Serves names for a machine that was set up before; nothing is changed. */
  async serve(mode: NamesMode): Promise<void> {
    this.#mode = mode;
    await this.#listen(mode);
  }

  async update(names: ReadonlyMap<string, string>): Promise<void> {
    this.#names = new Map([...names, [this.canary, this.#canaryAddress]]);
    if (this.#dns) this.#dns.names = this.#names;
    if (this.#mode && this.#applies) await this.#mode.apply(this.#full(), this.#names);
  }

  /** Leaves the names failing at once, and asked of nobody else. */
  async failClosed(): Promise<void> {
    const names = new Map([...this.#names].filter(([name]) => name !== this.canary));
    if (this.#mode && this.#applies) await this.#mode.failClosed(this.#full(), names);
    this.#dns?.close();
    this.#dns = null;
  }

  /** Asks the operating system for the canary, as any program would; null: it works. */
  async prove(): Promise<string | null> {
    if (!this.#mode) return "names are not set up";
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${lookupMs / 1000} s`)), lookupMs);
    });
    try {
      const { address } = await Promise.race([lookup(this.canary, { family: 4 }), late]);
      return address === this.#canaryAddress
        ? null
        : `the system answers ${address} for ${this.canary}: another program answers for .${zone}`;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      return `the system does not find ${this.canary} (${code})`;
    } finally {
      clearTimeout(timer);
    }
  }

  #applies = false;

  async #try(mode: NamesMode): Promise<string | null> {
    this.#mode = mode;
    this.#applies = true;
    try {
      await this.#listen(mode);
      await this.update(new Map());
    } catch (error) {
      return (error as Error).message;
    }
    // Under a test's root the system's resolver reads other files.
    return this.#setup.machine.path("/") === "/" ? this.prove() : null;
  }

  async #leave(): Promise<void> {
    this.#dns?.close();
    this.#dns = null;
    this.#mode = null;
    this.#applies = false;
    for (const failure of await this.#setup.journal.restore()) this.#log("warn", `could not put back ${failure}`);
  }

  async #listen(mode: NamesMode): Promise<void> {
    if (mode.dns === "none") return;
    const forward = mode.forwards ? this.#forward() : null;
    const port = mode.dns === "port-53" ? 53 : this.#anyPort;
    this.#dns = await DnsServer.listen({ address: this.#address, port }, forward);
    this.#dns.names = this.#names;
  }

  #forward(): Forward {
    const { journal, machine } = this.#setup;
    const read = () => readShared(machine.path("/etc/resolv.conf"));
    return forwardTo(() => upstreamServers(journal, read, this.#address));
  }

  #full(): NamesSetup {
    return { ...this.#setup, dns: this.#dns?.end ?? { address: this.#address, port: this.#anyPort } };
  }
}
