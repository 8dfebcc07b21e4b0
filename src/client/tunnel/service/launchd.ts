import { type ServiceOptions, type ServicePlan, serviceArguments } from "./service.js";

const label = "dev.hoop.tunnel";

/**
 * A daemon of launchd. It runs as root: only root can add addresses to lo0 and bind low ports there. It touches the
 * user's login with that user's rights. Source: launchd.plist(5).
 */
export function launchdService(options: ServiceOptions & { readonly uid: number }): ServicePlan {
  const path = `/Library/LaunchDaemons/${label}.plist`;
  const variables: [string, string][] = options.home === null ? [] : [["HOOP_HOME", options.home]];
  const text = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by hoop tunnel install; removed by hoop tunnel uninstall -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${label}</string>
  <key>ProgramArguments</key>
  <array>
${[...options.command, ...serviceArguments(options, false)].map((word) => `    <string>${escaped(word)}</string>`).join("\n")}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
${[["SUDO_UID", String(options.uid)] as const, ...variables].map(([name, value]) => `    <key>${name}</key>\n    <string>${escaped(value)}</string>`).join("\n")}
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ThrottleInterval</key>
  <integer>2</integer>
  <key>Umask</key>
  <integer>63</integer>
</dict>
</plist>
`;
  return {
    path,
    text,
    start: [["launchctl", "bootstrap", "system", path]],
    stop: [["launchctl", "bootout", `system/${label}`]],
  };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
