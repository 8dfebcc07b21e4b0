import { HoopError } from "../../../vocabulary/index.js";
import { type ServiceOptions, type ServicePlan, serviceArguments } from "./service.js";

const unit = "hoop-tunnel.service";

/**
 * A unit that runs as the user, not as root: the names were set up at install, so all it needs is to bind low ports and,
 * with redirects, to change its own table of rules. Source: systemd.exec(5), systemd.service(5).
 */
export function systemdService(options: ServiceOptions): ServicePlan {
  const rights = ["CAP_NET_BIND_SERVICE", ...(options.redirect ? ["CAP_NET_ADMIN"] : [])].join(" ");
  const text = `# Written by hoop tunnel install; removed by hoop tunnel uninstall
[Unit]
Description=Hoop tunnel of ${plain(options.user)}
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
User=${plain(options.user)}
${options.home === null ? "" : `Environment=${quoted(`HOOP_HOME=${options.home}`)}\n`}ExecStart=${[...options.command, ...serviceArguments(options, true)].map(quoted).join(" ")}
Restart=always
RestartSec=2
UMask=0077
AmbientCapabilities=${rights}
CapabilityBoundingSet=${rights}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths=${options.folders.map((folder) => quoted(`-${folder}`)).join(" ")}
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6${options.redirect ? " AF_NETLINK" : ""}
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`;
  return {
    path: `/etc/systemd/system/${unit}`,
    text,
    start: [
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", "--now", unit],
    ],
    stop: [
      ["systemctl", "disable", "--now", unit],
      ["systemctl", "daemon-reload"],
    ],
  };
}

/** A word of a unit file: quoted, its specifiers and variables taken literally. */
function quoted(word: string): string {
  if (/[\x00-\x1f\x7f]/.test(word))
    throw new HoopError("invalid", `${JSON.stringify(word)} cannot stand in a unit file`);
  return `"${word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;
}

function plain(user: string): string {
  if (!/^[a-zA-Z0-9_][\w.@-]{0,63}$/.test(user))
    throw new HoopError("invalid", `${JSON.stringify(user)} is not a name of a user`);
  return user;
}
