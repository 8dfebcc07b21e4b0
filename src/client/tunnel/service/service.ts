/** What a service of the tunnel is made from. */
export interface ServiceOptions {
  /** The program and its first argument: `[node, …/cli.js]`. Absolute paths. */
  readonly command: readonly [string, ...string[]];
  /** The user whose login it uses. */
  readonly user: string;
  /** Folders that it writes to: the logins' and its own. */
  readonly folders: readonly string[];
  readonly names: string;
  readonly redirect: boolean;
  /** The gateway, when the user is logged in at several. */
  readonly gateway: string | null;
  readonly home: string | null;
}

/** A kind of service: a file and the commands that bring it to life and end it. Paths are absolute. */
export interface ServicePlan {
  readonly path: string | null;
  readonly text: string;
  readonly start: readonly (readonly [string, ...string[]])[];
  readonly stop: readonly (readonly [string, ...string[]])[];
}

/** The arguments of the tunnel inside a service. `installed`: the names were set up when it was installed. */
export function serviceArguments({ names, redirect, gateway }: ServiceOptions, installed: boolean): string[] {
  return [
    "tunnel",
    "up",
    "--json",
    "--names",
    names,
    ...(installed ? ["--installed"] : []),
    ...(redirect ? [] : ["--no-redirect"]),
    ...(gateway === null ? [] : ["--gateway", gateway]),
  ];
}
