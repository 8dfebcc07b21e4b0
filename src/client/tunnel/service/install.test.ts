import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Machine } from "../machine/machine.js";
import { openJournal, openServiceJournal } from "../tunnel.js";
import { installService, namesForService } from "./install.js";
import { systemdService } from "./systemd.js";

let root: string;
let ran: string[];
let machine: Machine;
const unit = "/etc/systemd/system/hoop-tunnel.service";
const options = { range: "127.77.0.0/16", dnsPort: 5355, tag: "t" };
const plan = systemdService({
  command: ["/node", "/cli.js"],
  user: "ada",
  folders: [],
  names: "systemd-resolved",
  redirect: false,
  gateway: null,
  home: null,
});

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hoop-service-"));
  for (const folder of ["etc/systemd/system", "run/systemd/resolve", "run/systemd/system"])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "run/systemd/resolve/stub-resolv.conf"), "");
  ran = [];
  machine = {
    platform: "linux",
    privileged: true,
    path: (absolute) => join(root, absolute),
    async run(command, args) {
      ran.push(`${[command, ...args].join(" ")} (unit ${existsSync(join(root, unit)) ? "there" : "gone"})`);
      return { code: 0, output: "systemd 252" };
    },
  };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("the service", () => {
  it("comes with its names, and goes in the right order without a trace", async () => {
    const state = join(root, "state");
    const mode = await namesForService("auto", machine);
    expect(mode.name).toBe("systemd-resolved");
    await installService(plan, mode, machine, openServiceJournal(state, machine), options);
    expect(ran.slice(-2)).toEqual([
      "systemctl daemon-reload (unit there)",
      "systemctl enable --now hoop-tunnel.service (unit there)",
    ]);
    // A tunnel that starts with the same folder puts back what a tunnel left, and not the service.
    await openJournal(state, machine).restore();
    expect(existsSync(join(root, unit))).toBe(true);
    ran = [];
    expect(await openServiceJournal(state, machine).restore()).toEqual([]);
    expect(ran).toEqual([
      "systemctl disable --now hoop-tunnel.service (unit there)",
      "systemctl daemon-reload (unit gone)",
      "systemctl reload-or-restart systemd-resolved (unit gone)",
    ]);
    expect(existsSync(join(root, "etc/systemd/resolved.conf.d/hoop.conf"))).toBe(false);
  });

  it("does not take the hosts file: it may not write it", async () => {
    await expect(namesForService("hosts", machine)).rejects.toMatchObject({ code: "unsupported" });
  });

  it("is not written where systemd does not run", async () => {
    rmSync(join(root, "run/systemd/system"), { recursive: true });
    const mode = await namesForService("auto", machine);
    await expect(
      installService(plan, mode, machine, openServiceJournal(join(root, "state"), machine), options),
    ).rejects.toMatchObject({ code: "unsupported" });
    expect(existsSync(join(root, unit))).toBe(false);
  });
});
