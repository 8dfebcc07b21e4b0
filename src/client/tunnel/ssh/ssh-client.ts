import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { writePrivateFile } from "../../private-file.js";
import type { Machine } from "../machine/machine.js";
import type { MachineJournal } from "../machine/machine-journal.js";
import { readShared, replaceFile } from "../machine/shared-file.js";
import { zone } from "../names/names-mode.js";

export interface SshClientParts {
  readonly machine: Machine;
  readonly journal: MachineJournal;
  readonly stateFolder: string;
  /** Tells this tunnel's files from another's. */
  readonly tag: string;
  /** `127.77.*`: the addresses that names lead to. */
  readonly addresses: string;
  /** Whether names of this machine lead here, so that every `ssh` should know; else only one that is given our file. */
  readonly system: boolean;
}

const configFolder = "/etc/ssh/ssh_config.d";
const ours = /^00-hoop-[\w-]+\.conf$/;
const key = /^(ssh-|ecdsa-)[a-z0-9@.-]+ [A-Za-z0-9+/]{20,2000}={0,2}$/;

/**
 * Has stock `ssh` know the gateway's host key for `*.hoop`, and for nothing else: a known_hosts of our own, named by a
 * configuration of our own. Nobody is asked whether a key is right, and nobody's files are touched.
 */
export class SshClient {
  readonly #parts: SshClientParts;
  #known = "";
  #system: boolean;

  constructor(parts: SshClientParts) {
    this.#parts = parts;
    this.#system = parts.system;
  }

  /** A configuration to be given by `ssh -F`, where the system's was not changed; null: not needed, or there is none yet. */
  get config(): string | null {
    return this.#system || this.#known === "" ? null : join(this.#parts.stateFolder, "ssh_config");
  }

  /** The gateway's key, as it is told with each list. It goes into files, so nothing but a key may pass. */
  learn(hostKey: string): void {
    if (hostKey === this.#known || (hostKey !== "" && !key.test(hostKey))) return;
    this.#known = hostKey;
    if (hostKey === "") return;
    const { stateFolder } = this.#parts;
    // `ssh` takes the first that it reads, and knows one gateway's key for all names: with a second file one of both would be strangers.
    if (this.#system && this.#isTaken()) this.#system = false;
    const line = `*.${zone},${this.#parts.addresses},[${this.#parts.addresses}]:* ${hostKey}\n`;
    if (this.#system) return this.#write(line);
    const known = join(stateFolder, "known_hosts");
    writePrivateFile(known, line);
    writePrivateFile(
      join(stateFolder, "ssh_config"),
      `${configText(known, this.#parts.addresses)}\nInclude ~/.ssh/config\n`,
    );
  }

  /** Whether another tunnel of this machine has told every `ssh` about its gateway. */
  #isTaken(): boolean {
    const folder = this.#parts.machine.path(configFolder);
    if (!existsSync(folder)) return false;
    return readdirSync(folder).some((name) => ours.test(name) && name !== `00-hoop-${this.#parts.tag}.conf`);
  }

  /** Files of the system that every user's `ssh` reads. */
  #write(line: string): void {
    const { machine, journal, tag, addresses } = this.#parts;
    const folder = configFolder;
    const included = readShared(machine.path("/etc/ssh/ssh_config"))?.toString("latin1").includes(folder) === true;
    if (!included || !existsSync(machine.path(folder))) return;
    const known = `/etc/ssh/hoop_known_hosts_${tag}`;
    const put = (real: string, text: Buffer) => replaceFile(real, text, { mode: 0o644 });
    journal.takeFile(known, line, put);
    journal.takeFile(`${folder}/00-hoop-${tag}.conf`, configText(known, addresses), put);
  }
}

/**
 * `ssh` prefers ChaCha20, and what it prefers is taken. AES-GCM is as safe and takes half of the processor time at both ends, where
 * processors know AES, as they have for many years. Names that every OpenSSH since 6.2 knows, also one that is built for FIPS.
 */
const ciphers = "aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes256-ctr";

function configText(knownHosts: string, addresses: string): string {
  return `# Written by hoop tunnel: the gateway's host key for names under .${zone}, and for nothing else.
# Removed by: hoop tunnel uninstall
Host *.${zone} ${addresses}
  UserKnownHostsFile ${knownHosts}
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
  UpdateHostKeys no
  CheckHostIP no
  Ciphers ${ciphers}
Host *
`;
}
