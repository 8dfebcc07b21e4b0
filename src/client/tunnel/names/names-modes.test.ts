import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CommandResult, Machine } from "../machine/machine.js";
import { MachineJournal } from "../machine/machine-journal.js";
import { chooseNames } from "./choose.js";
import { hosts } from "./hosts.js";
import { macosResolver } from "./macos-resolver.js";
import type { NamesSetup } from "./names-mode.js";
import { nameserversOf, resolvConf, resolvConfMode } from "./resolv-conf.js";
import { resolvedDropIn, systemdResolved } from "./systemd-resolved.js";
import { nrptScripts, windowsNrpt } from "./windows-nrpt.js";

let root: string;
let ran: string[];
const names = new Map([["pg-demo.hoop", "127.77.4.5"]]);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hoop-names-"));
  mkdirSync(join(root, "etc/systemd"), { recursive: true });
  ran = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A machine under a folder; of its commands only that they were run is known, since they would change this one. */
function machine(platform: NodeJS.Platform, answers: Readonly<Record<string, CommandResult>> = {}): Machine {
  return {
    platform,
    privileged: true,
    path: (absolute) => join(root, absolute),
    async run(command, args) {
      ran.push([command, ...args].join(" "));
      return answers[command] ?? { code: 0, output: "" };
    },
  };
}

function setup(of: Machine): NamesSetup {
  return {
    machine: of,
    journal: new MachineJournal(join(root, "state/machine.json"), of),
    tag: "abcd",
    dns: { address: "127.77.0.1", port: 5355 },
  };
}

function write(path: string, text: string): void {
  writeFileSync(join(root, path), text);
}
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("the hosts file", () => {
  const before = "127.0.0.1 localhost\n";

  it("gets our lines, follows changes, fails closed and comes back as it was", async () => {
    write("etc/hosts", before);
    const on = setup(machine("linux"));
    await hosts.apply(on, names);
    expect(read("etc/hosts")).toContain("127.77.4.5\tpg-demo.hoop\n");
    await hosts.apply(on, new Map());
    expect(read("etc/hosts")).not.toContain("pg-demo");
    await hosts.apply(on, names);
    await hosts.failClosed(on, names);
    expect(read("etc/hosts")).toContain("255.255.255.255\tpg-demo.hoop\n");
    expect(await on.journal.restore()).toEqual([]);
    expect(read("etc/hosts")).toBe(before);
  });

  it("keeps what others wrote meanwhile, and the mode of the file", async () => {
    write("etc/hosts", before);
    const on = setup(machine("linux"));
    const { mode } = lstatSync(join(root, "etc/hosts"));
    await hosts.apply(on, names);
    write("etc/hosts", `10.0.0.1 theirs\n${read("etc/hosts")}`);
    await on.journal.restore();
    expect(read("etc/hosts")).toBe(`10.0.0.1 theirs\n${before}`);
    expect(lstatSync(join(root, "etc/hosts")).mode).toBe(mode);
  });

  it("is written through a link, not over it", async () => {
    write("etc/hosts.real", before);
    symlinkSync("hosts.real", join(root, "etc/hosts"));
    const on = setup(machine("linux"));
    await hosts.apply(on, names);
    expect(readlinkSync(join(root, "etc/hosts"))).toBe("hosts.real");
    expect(read("etc/hosts.real")).toContain("pg-demo.hoop");
  });

  it("does not fit where there is none", async () => {
    expect(await hosts.unfit(machine("linux"))).toMatch(/does not exist/);
  });
});

describe("systemd-resolved", () => {
  it("has a drop-in that routes our zone and no other", () => {
    expect(resolvedDropIn({ address: "127.77.0.1", port: 5355 })).toContain(
      "[Resolve]\nDNS=127.77.0.1:5355\nDomains=~hoop\n",
    );
    expect(resolvedDropIn({ address: "127.77.0.1", port: 53 })).toContain("DNS=127.77.0.1\n");
  });

  it("reads it again after it came and after it went", async () => {
    const on = setup(machine("linux"));
    await systemdResolved.apply(on, names);
    await systemdResolved.apply(on, names);
    expect(ran).toEqual(["systemctl reload-or-restart systemd-resolved"]);
    await systemdResolved.failClosed(on, names);
    expect(existsSync(join(root, "etc/systemd/resolved.conf.d/hoop.conf"))).toBe(true);
    const order: string[] = [];
    const restored = new MachineJournal(join(root, "state/machine.json"), {
      ...machine("linux"),
      async run() {
        order.push(existsSync(join(root, "etc/systemd/resolved.conf.d/hoop.conf")) ? "there" : "gone");
        return { code: 0, output: "" };
      },
    });
    expect(await restored.restore()).toEqual([]);
    expect(order).toEqual(["gone"]);
  });

  it("does not fit an old one, or one that does not run", async () => {
    expect(await systemdResolved.unfit(machine("linux"))).toMatch(/does not run/);
    mkdirSync(join(root, "run/systemd/resolve"), { recursive: true });
    write("run/systemd/resolve/stub-resolv.conf", "");
    const of = (output: string) => machine("linux", { resolvectl: { code: 0, output } });
    expect(await systemdResolved.unfit(of("systemd 245 (245)"))).toMatch(/too old/);
    expect(await systemdResolved.unfit(of("systemd 252 (252.39)"))).toBeNull();
  });
});

describe("resolv.conf", () => {
  const before = "# by hand\nsearch corp.example\nnameserver 10.0.0.53\nnameserver fd00::53\noptions edns0\n";

  it("names us first and keeps everything else", () => {
    expect(resolvConf(before, { address: "127.77.0.1", port: 53 }).split("\n").slice(1).join("\n")).toBe(
      `nameserver 127.77.0.1\n${before}`,
    );
    expect(nameserversOf(resolvConf(before, { address: "127.77.0.1", port: 53 }), "127.77.0.1")).toEqual([
      "10.0.0.53",
      "fd00::53",
    ]);
  });

  it("comes back when the tunnel goes, and our names then fail by the hosts file", async () => {
    write("etc/resolv.conf", before);
    write("etc/hosts", "127.0.0.1 localhost\n");
    const on = setup(machine("linux"));
    await resolvConfMode.apply(on, names);
    await resolvConfMode.apply(on, names);
    expect(read("etc/resolv.conf").match(/127\.77\.0\.1/g)).toHaveLength(1);
    await resolvConfMode.failClosed(on, names);
    expect(read("etc/resolv.conf")).toBe(before);
    expect(read("etc/hosts")).toContain("255.255.255.255\tpg-demo.hoop\n");
    await on.journal.restore();
    expect(read("etc/hosts")).toBe("127.0.0.1 localhost\n");
  });

  it("becomes a link again where it was one", async () => {
    write("etc/real.conf", before);
    symlinkSync("real.conf", join(root, "etc/resolv.conf"));
    const on = setup(machine("linux"));
    await resolvConfMode.apply(on, names);
    expect(lstatSync(join(root, "etc/resolv.conf")).isSymbolicLink()).toBe(false);
    await on.journal.restore();
    expect(readlinkSync(join(root, "etc/resolv.conf"))).toBe("real.conf");
    expect(read("etc/real.conf")).toBe(before);
  });

  it("is left to whoever has written it meanwhile", async () => {
    write("etc/resolv.conf", before);
    const on = setup(machine("linux"));
    await resolvConfMode.apply(on, names);
    write("etc/resolv.conf", "nameserver 10.9.9.9\n");
    await on.journal.restore();
    expect(read("etc/resolv.conf")).toBe("nameserver 10.9.9.9\n");
  });

  it("does not fit where there is nobody to forward to", async () => {
    write("etc/resolv.conf", "# empty\n");
    expect(await resolvConfMode.unfit(machine("linux"))).toMatch(/names no server/);
  });
});

describe("other systems", () => {
  it("macOS gets a file with address and port, which goes again", async () => {
    const on = setup(machine("darwin"));
    await macosResolver.apply(on, names);
    expect(read("etc/resolver/hoop")).toMatch(/nameserver 127\.77\.0\.1\nport 5355\n/);
    await on.journal.restore();
    expect(existsSync(join(root, "etc/resolver/hoop"))).toBe(false);
  });

  it("Windows gets a rule, once, which goes again", async () => {
    const on = setup(machine("win32"));
    await windowsNrpt.apply(on, names);
    await windowsNrpt.apply(on, names);
    expect(ran).toHaveLength(1);
    expect(ran[0]).toContain("Add-DnsClientNrptRule -Namespace '.hoop' -NameServers '127.77.0.1'");
    await on.journal.restore();
    expect(ran[1]).toContain(nrptScripts({ address: "127.77.0.1" }).remove);
  });
});

describe("choosing", () => {
  it("looks, and never takes resolv.conf by itself", async () => {
    write("etc/hosts", "");
    write("etc/resolv.conf", "nameserver 10.0.0.1\n");
    const { modes, passedOver } = await chooseNames("auto", machine("linux"));
    expect(modes.map((mode) => mode.name)).toEqual(["hosts"]);
    expect(passedOver.map(({ mode }) => mode)).toEqual(["systemd-resolved"]);
  });

  it("takes what it is told to, or says why not", async () => {
    write("etc/resolv.conf", "nameserver 10.0.0.1\n");
    expect((await chooseNames("resolv-conf", machine("linux"))).modes).toEqual([resolvConfMode]);
    expect((await chooseNames("none", machine("linux"))).modes).toEqual([]);
    await expect(chooseNames("hosts", machine("linux"))).rejects.toMatchObject({ code: "precondition-failed" });
    await expect(chooseNames("dns", machine("linux"))).rejects.toMatchObject({ code: "invalid" });
  });
});
