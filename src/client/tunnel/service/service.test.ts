import { describe, expect, it } from "vitest";
import { launchdService } from "./launchd.js";
import type { ServiceOptions } from "./service.js";
import { systemdService } from "./systemd.js";
import { windowsService } from "./windows.js";

const options: ServiceOptions = {
  command: ["/usr/bin/node", "/opt/hoop 1/dist/cli.js"],
  user: "ada",
  folders: ["/home/ada/.config/hoop", "/home/ada/.local/share/hoop/tunnel"],
  names: "systemd-resolved",
  redirect: true,
  gateway: null,
  home: null,
};

describe("the unit of systemd", () => {
  const { text } = systemdService(options);

  it("runs as the user, with two rights and no more", () => {
    expect(text).toContain("\nUser=ada\n");
    expect(text).toContain(
      "\nAmbientCapabilities=CAP_NET_BIND_SERVICE CAP_NET_ADMIN\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_NET_ADMIN\nNoNewPrivileges=yes\nProtectSystem=strict\n",
    );
    expect(systemdService({ ...options, redirect: false }).text).toMatch(
      /\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n/,
    );
  });

  it("quotes what it starts", () => {
    expect(text).toContain(
      'ExecStart="/usr/bin/node" "/opt/hoop 1/dist/cli.js" "tunnel" "up" "--json" "--names" "systemd-resolved" "--installed"\n',
    );
    expect(systemdService({ ...options, gateway: 'https://x/%h$HOME"' }).text).toContain('"https://x/%%h$$HOME\\""');
  });

  it("takes no name or path that could add a line", () => {
    expect(() => systemdService({ ...options, user: "ada\nExecStartPre=/bin/sh" })).toThrow(/not a name/);
    expect(() => systemdService({ ...options, folders: ["/a\nb"] })).toThrow(/unit file/);
  });
});

describe("the daemon of launchd", () => {
  it("is a property list with everything escaped, and knows whose login it is", () => {
    const { text, start } = launchdService({ ...options, command: ["/node", "/a&<b>"], uid: 501 });
    expect(text).toContain(
      "    <string>/node</string>\n    <string>/a&amp;&lt;b&gt;</string>\n    <string>tunnel</string>",
    );
    expect(text).toContain("<key>SUDO_UID</key>\n    <string>501</string>");
    expect(start).toEqual([["launchctl", "bootstrap", "system", "/Library/LaunchDaemons/dev.hoop.tunnel.plist"]]);
  });
});

describe("the task of Windows", () => {
  it("starts with the session, and takes no quote in a path", () => {
    expect(windowsService(options).start[0]).toContain(
      '/usr/bin/node "/opt/hoop 1/dist/cli.js" tunnel up --json --names systemd-resolved',
    );
    expect(() => windowsService({ ...options, command: ['a"b'] })).toThrow(/cannot stand/);
  });
});
