import { HoopError } from "../../../vocabulary/index.js";
import { launchdService } from "./launchd.js";
import type { ServiceOptions, ServicePlan } from "./service.js";
import { systemdService } from "./systemd.js";
import { windowsService } from "./windows.js";

export type { ServiceOptions, ServicePlan } from "./service.js";

/** The service for this kind of system. Throws `unsupported` where there is none. */
export function servicePlan(
  platform: NodeJS.Platform,
  options: ServiceOptions & { readonly uid: number },
): ServicePlan {
  if (platform === "linux") return systemdService(options);
  if (platform === "darwin") return launchdService(options);
  if (platform === "win32") return windowsService(options);
  throw new HoopError("unsupported", `there is no service for ${platform} yet`, {
    hint: "run `hoop tunnel up --detach` when the machine starts",
  });
}
