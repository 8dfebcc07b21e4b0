import { z } from "zod";
import { namesModes } from "./names/index.js";

/** How a tunnel runs; what is left out has the default that suits a laptop. */
export const tunnelOptionsSchema = z.strictObject({
  /** The folder that holds the tunnel's addresses, its journal of the machine and its socket. */
  stateFolder: z.string().min(1),
  /** The range that addresses are taken from; inside 127.0.0.0/8. */
  range: z.string().default("127.77.0.0/16"),
  /** How names are made known: a mode, `auto`, or `none`. */
  names: z.enum(["auto", "none", ...namesModes.map((mode) => mode.name)]).default("auto"),
  /** `installed`: the machine was set up by `hoop tunnel install`; names are only served. */
  namesInstalled: z.boolean().default(false),
  /** Whether a port that another program holds is redirected by a rule of the kernel, where this is possible. */
  redirect: z.enum(["auto", "never"]).default("auto"),
  /** Users of this machine whose programs may connect; root is always among them, since it can become any of them. */
  allowedUids: z.array(z.number().int().nonnegative()).default([]),
  /** The port of the DNS server where the names mode leaves a choice. */
  dnsPort: z.number().int().min(1).max(65_535).default(5355),
  /** Connections carried at once. */
  maxLanes: z.number().int().positive().default(4096),
});

export type TunnelOptions = z.infer<typeof tunnelOptionsSchema>;
export type TunnelOptionsInput = z.input<typeof tunnelOptionsSchema>;
