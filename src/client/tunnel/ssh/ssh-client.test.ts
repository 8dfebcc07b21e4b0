import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { machineAt } from "../machine/machine.js";
import { MachineJournal } from "../machine/machine-journal.js";
import { SshClient } from "./ssh-client.js";

const hostKey = `ssh-ed25519 ${Buffer.alloc(51, 1).toString("base64")}`;
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hoop-ssh-client-"));
  mkdirSync(join(root, "etc/ssh/ssh_config.d"), { recursive: true });
  mkdirSync(join(root, "state"));
  writeFileSync(join(root, "etc/ssh/ssh_config"), "Include /etc/ssh/ssh_config.d/*.conf\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function client(system: boolean) {
  const machine = machineAt(root, "linux", system);
  const journal = new MachineJournal(join(root, "state", "machine.json"), machine);
  const made = new SshClient({
    machine,
    journal,
    stateFolder: join(root, "state"),
    tag: "abcd",
    addresses: "127.77.*",
    system,
  });
  return { made, journal };
}

describe("what stock ssh is told", () => {
  it("is two files of the system that go away again", async () => {
    const { made, journal } = client(true);
    made.learn(hostKey);
    expect(readFileSync(join(root, "etc/ssh/hoop_known_hosts_abcd"), "utf8")).toBe(
      `*.hoop,127.77.*,[127.77.*]:* ${hostKey}\n`,
    );
    expect(readFileSync(join(root, "etc/ssh/ssh_config.d/00-hoop-abcd.conf"), "utf8")).toContain(
      "Host *.hoop 127.77.*",
    );
    expect(made.config).toBeNull();
    expect(await journal.restore()).toEqual([]);
    expect(readdirSync(join(root, "etc/ssh/ssh_config.d"))).toEqual([]);
    expect(readdirSync(join(root, "etc/ssh"))).toEqual(["ssh_config", "ssh_config.d"]);
  });

  it("is a file for `ssh -F` where the system is not ours", () => {
    const { made } = client(false);
    expect(made.config).toBeNull();
    made.learn(hostKey);
    expect(readFileSync(made.config!, "utf8")).toContain("Ciphers aes128-gcm@openssh.com,aes256-gcm@openssh.com,");
    expect(readFileSync(made.config!, "utf8")).toContain(`UserKnownHostsFile ${join(root, "state", "known_hosts")}`);
    expect(readdirSync(join(root, "etc/ssh/ssh_config.d"))).toEqual([]);
  });

  it("is a file for `ssh -F` where another tunnel of this machine told every ssh of its gateway", () => {
    const theirs = join(root, "etc/ssh/ssh_config.d/00-hoop-9999.conf");
    writeFileSync(theirs, "Host *.hoop\n");
    const { made } = client(true);
    made.learn(hostKey);
    expect(readFileSync(made.config!, "utf8")).toContain(`UserKnownHostsFile ${join(root, "state", "known_hosts")}`);
    expect(readdirSync(join(root, "etc/ssh/ssh_config.d"))).toEqual(["00-hoop-9999.conf"]);
    expect(readdirSync(join(root, "etc/ssh"))).toEqual(["ssh_config", "ssh_config.d"]);
  });

  it("is nothing where what the gateway told is no key", () => {
    const { made } = client(true);
    for (const text of ["", "ssh-ed25519 short", `${hostKey}\n* ${hostKey}`, `@cert-authority ${hostKey}`])
      made.learn(text);
    expect(readdirSync(join(root, "etc/ssh"))).toEqual(["ssh_config", "ssh_config.d"]);
  });
});
