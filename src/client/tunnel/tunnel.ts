import { createHash } from "node:crypto";
import { join } from "node:path";
import { HoopError } from "../../vocabulary/index.js";
import { type Allocation, ownAddress, parseSubnet } from "./allocate.js";
import type { ConnectionListener, ListenerContext } from "./connection-listener.js";
import type { GatewayPort, Offer, OfferList } from "./gateway-port.js";
import { addLoopbackAlias } from "./machine/loopback-alias.js";
import type { Machine } from "./machine/machine.js";
import { MachineJournal } from "./machine/machine-journal.js";
import { chooseNames } from "./names/choose.js";
import { namesModes } from "./names/index.js";
import { TunnelNames } from "./names/names.js";
import { zone } from "./names/names-mode.js";
import type { TunnelOptions } from "./options.js";
import type { OwnerSource } from "./owner/peer-owner.js";
import { publish } from "./publish.js";
import { Redirects } from "./redirect/redirects.js";
import { refusals } from "./refusal/index.js";
import { SshClient } from "./ssh/ssh-client.js";
import type { ConnectionStatus, TunnelStatus } from "./status.js";
import { readAllocation, writeAllocation } from "./tunnel-state.js";

/** More connections than this are not published: each costs a listener and a line of the hosts file. */
const maxPublished = 2_000;
/** Connections that are offered no more and still answered, so that who tries is told why. */
const maxWithdrawn = 64;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** What a tunnel stands on. */
export interface TunnelParts {
  readonly gateway: GatewayPort;
  readonly machine: Machine;
  readonly owners: OwnerSource | null;
  log(level: "info" | "warn", text: string): void;
  /** Called after each list of the gateway was put into effect. */
  settled?(): void;
}

/** The tunnel: the gateway's list of connections, made into addresses, listeners and names. */
export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #parts: TunnelParts;
  readonly #journal: MachineJournal;
  readonly #allocation: Allocation;
  readonly #names: TunnelNames;
  readonly #redirects: Redirects;
  readonly #ssh: SshClient;
  readonly #context: ListenerContext;
  readonly #probeAddress: string;
  readonly #listeners = new Map<string, ConnectionListener>();
  /** Of connections that are offered no more: the gateway refuses, in the protocol's own words, what is nothing but a closed port else. */
  readonly #withdrawn = new Map<string, ConnectionListener>();
  readonly #problems = new Map<string, string>();
  readonly #started = new Date();
  /** Listeners whose own port leads to them through a rule of the kernel. */
  #redirected = new Set<ConnectionListener>();
  #list: OfferList | null = null;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: TunnelOptions, parts: TunnelParts) {
    const subnet = parseSubnet(options.range);
    this.#options = options;
    this.#parts = parts;
    this.#journal = openJournal(options.stateFolder, parts.machine);
    this.#allocation = readAllocation(options.stateFolder, subnet);
    this.#probeAddress = ownAddress(subnet, 3);
    this.#redirects = new Redirects(
      parts.machine,
      this.#journal,
      blockTag(options.stateFolder),
      options.redirect === "auto",
    );
    this.#names = new TunnelNames(
      { machine: parts.machine, journal: this.#journal, tag: blockTag(options.stateFolder) },
      { address: ownAddress(subnet, 1), canaryAddress: ownAddress(subnet, 2), anyPort: options.dnsPort },
      parts.log,
    );
    this.#ssh = new SshClient({
      machine: parts.machine,
      journal: this.#journal,
      stateFolder: options.stateFolder,
      tag: blockTag(options.stateFolder),
      addresses: `${options.range.split(".", 2).join(".")}.*`,
      system: parts.machine.privileged && options.names !== "none" && parts.machine.platform !== "win32",
    });
    this.#context = {
      gateway: parts.gateway,
      owners: parts.owners,
      allowedUids: new Set([0, ...options.allowedUids]),
      lanes: { count: 0, max: options.maxLanes },
      log: parts.log,
    };
  }

  get names(): TunnelNames {
    return this.#names;
  }

  /** Puts back what a crashed tunnel left, sets the names up, and follows the gateway from here on. */
  async start(): Promise<void> {
    const { names, namesInstalled } = this.#options;
    if (namesInstalled) {
      const mode = namesModes.find((known) => known.name === names);
      if (!mode)
        throw new HoopError("invalid", "an installed tunnel must be told its names mode", {
          hint: "run `hoop tunnel install` again",
        });
      await this.#names.serve(mode);
    } else {
      for (const failure of await this.#journal.restore()) this.#parts.log("warn", `could not put back ${failure}`);
      await this.#names.start(await chooseNames(names, this.#parts.machine));
    }
    this.#parts.gateway.start({
      offers: (list) => this.#take(list),
      state: (state) =>
        this.#parts.log(
          state.kind === "connected" ? "info" : "warn",
          `gateway ${state.kind}${state.why ? `: ${state.why}` : ""}`,
        ),
    });
  }

  /** Ends every lane, leaves the names failing closed and everything else of the machine as it was. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work.catch(() => {});
    for (const listener of this.#all()) listener.destroy();
    await this.#parts.gateway.close();
    await this.#names.failClosed();
    for (const failure of await this.#journal.restore((change) => change.kind === "command" && !change.stays)) {
      this.#parts.log("warn", `could not put back ${failure}`);
    }
  }

  status(): TunnelStatus {
    const { gateway } = this.#parts;
    const { state } = gateway;
    const names = this.#names.state;
    return {
      pid: process.pid,
      started: this.#started.toISOString(),
      gateway: {
        url: gateway.url,
        state: state.kind,
        since: state.since.toISOString(),
        why: state.why ?? null,
        hint: state.hint ?? null,
      },
      subject: this.#list?.subject ?? null,
      authority: this.#list?.authority || null,
      names: { mode: names.mode, problem: names.problem },
      dns: names.dns,
      owners: { checked: this.#context.owners !== null, uids: [...this.#context.allowedUids] },
      connections: (this.#list?.offers ?? []).map((offer) => this.#statusOf(offer)),
    };
  }

  /** One list after the other; of several that wait only the last counts. */
  #take(list: OfferList): void {
    this.#list = { ...list, offers: list.offers.filter((offer) => this.#acceptable(offer)).slice(0, maxPublished) };
    this.#work = this.#work
      .then(() => this.#follow())
      .catch((error: Error) =>
        this.#parts.log("warn", `the list of connections could not be put into effect: ${error.message}`),
      );
  }

  /** The list comes over the network and its names go into files of the system: nothing but a label may pass. */
  #acceptable({ name, port }: Offer): boolean {
    if (label.test(name) && port > 0 && port < 65_536) return true;
    this.#parts.log(
      "warn",
      `a connection with a name or port that cannot be used was left out: ${JSON.stringify(name.slice(0, 64))}`,
    );
    return false;
  }

  async #follow(): Promise<void> {
    if (this.#stopped || !this.#list) return;
    const wanted = new Map(this.#list.offers.map((offer) => [offer.name, offer]));
    for (const [name, listener] of this.#listeners) {
      const offer = wanted.get(name);
      if (offer && serves(listener, offer)) continue;
      this.#listeners.delete(name);
      if (!offer && refusals[listener.offer.protocol]) this.#withdraw(name, listener);
      else listener.stop();
    }
    this.#problems.clear();
    for (const offer of wanted.values()) {
      if (!this.#listeners.has(offer.name) && !this.#takeBack(offer)) await this.#publish(offer);
    }
    await this.#redirect();
    this.#allocation.trim(new Set([...wanted.keys(), ...this.#withdrawn.keys()]));
    writeAllocation(this.#options.stateFolder, this.#allocation);
    const names = this.#all().map(({ offer, address }) => [`${offer.name}.${zone}`, address] as const);
    await this.#names.update(new Map(names));
    this.#ssh.learn(this.#list.sshHostKey);
    this.#parts.settled?.();
  }

  #all(): ConnectionListener[] {
    const main = [...this.#listeners.values(), ...this.#withdrawn.values()];
    return main.flatMap((listener) => [listener, ...listener.more]);
  }

  #withdraw(name: string, listener: ConnectionListener): void {
    this.#withdrawn.set(name, listener);
    const [oldest] = this.#withdrawn;
    if (this.#withdrawn.size <= maxWithdrawn || !oldest) return;
    oldest[1].stop();
    this.#withdrawn.delete(oldest[0]);
  }

  #takeBack(offer: Offer): boolean {
    const listener = this.#withdrawn.get(offer.name);
    if (!listener) return false;
    this.#withdrawn.delete(offer.name);
    if (serves(listener, offer)) this.#listeners.set(offer.name, listener);
    else listener.stop();
    return this.#listeners.has(offer.name);
  }

  async #publish(offer: Offer): Promise<void> {
    const { machine, log } = this.#parts;
    try {
      const listener = await publish(offer, {
        allocation: this.#allocation,
        listeners: this.#context,
        probeAddress: this.#probeAddress,
        prepare: (address) => addLoopbackAlias(machine, this.#journal, address),
      });
      this.#listeners.set(offer.name, listener);
    } catch (error) {
      this.#problems.set(offer.name, (error as Error).message);
      log("warn", `${offer.name} cannot be published: ${(error as Error).message}`);
    }
  }

  async #redirect(): Promise<void> {
    const moved = this.#all().filter((listener) => listener.port !== listener.offer.port);
    const why = await this.#redirects.set(
      moved.map(({ address, offer, port }) => ({ address, port: offer.port, to: port })),
    );
    this.#redirected = new Set(why === null ? moved : []);
    if (why === null) return;
    for (const { offer, port } of moved) {
      const problem = `port ${offer.port} is taken here, use ${port} (${why})`;
      this.#problems.set(offer.name, problem);
      this.#parts.log("warn", `${offer.name}: ${problem}`);
    }
  }

  #statusOf(offer: Offer): ConnectionStatus {
    const listener = this.#listeners.get(offer.name);
    const base = {
      name: offer.name,
      protocol: offer.protocol,
      ownPort: offer.port,
      profile: offer.profile,
      problem: this.#problems.get(offer.name) ?? null,
    };
    if (!listener)
      return { ...base, host: "", address: "", port: offer.port, via: "none", command: "", more: [], open: 0 };
    const { address } = listener;
    const own = listener.port === offer.port;
    const redirected = this.#redirected.has(listener);
    const port = own || redirected ? offer.port : listener.port;
    const host = this.#names.state.mode === "none" || this.#names.state.problem ? address : `${offer.name}.${zone}`;
    const command = offer.example
      .replace(/\[([^[\]]*\{port\}[^[\]]*)\]/, port === offer.port ? "" : "$1")
      .replaceAll("{host}", host)
      .replaceAll("{port}", String(port))
      .replace(/^ssh /, this.#ssh.config === null ? "ssh " : `ssh -F ${this.#ssh.config} `);
    return {
      ...base,
      host,
      address,
      port,
      via: own ? "own" : redirected ? "redirected" : "other",
      command,
      more: listener.more.map((other) => ({
        port: other.offer.port,
        at: this.#redirected.has(other) ? other.offer.port : other.port,
      })),
      open: listener.more.reduce((sum, other) => sum + other.open, listener.open),
    };
  }
}

function serves({ offer }: ConnectionListener, wanted: Offer): boolean {
  const ports = (of: Offer) => [of.port, ...of.morePorts].join();
  return ports(offer) === ports(wanted) && offer.protocol === wanted.protocol;
}

/** The journal of what a tunnel with this state folder changed on the machine. */
export function openJournal(stateFolder: string, machine: Machine): MachineJournal {
  return new MachineJournal(join(stateFolder, "machine.json"), machine);
}

/** What `hoop tunnel install` changed; apart, since a tunnel that starts puts back only what a tunnel left. */
export function openServiceJournal(stateFolder: string, machine: Machine): MachineJournal {
  return new MachineJournal(join(stateFolder, "service.json"), machine);
}

/** Tells the hosts lines of one tunnel from those of another, kept in another folder. */
export function blockTag(stateFolder: string): string {
  return createHash("sha256").update(stateFolder).digest("hex").slice(0, 8);
}
