import { hosts } from "./hosts.js";
import { macosResolver } from "./macos-resolver.js";
import type { NamesMode } from "./names-mode.js";
import { resolvConfMode } from "./resolv-conf.js";
import { systemdResolved } from "./systemd-resolved.js";
import { windowsNrpt } from "./windows-nrpt.js";

/** Every way to make names known. `auto` takes the first that fits, in this order, `resolv-conf` left out. */
export const namesModes = [
  systemdResolved,
  macosResolver,
  windowsNrpt,
  hosts,
  resolvConfMode,
] as const satisfies readonly NamesMode[];
