import { z } from "zod";
import type { Connection } from "../../vocabulary/index.js";

const hostKey = z
  .string()
  .regex(
    /^(@cert-authority )?(ssh-|ecdsa-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+$/,
    "a key as in known_hosts: its type and base64, no name and no comment; with @cert-authority before it, an authority's",
  );

/** What a connection of SSH may say under `target`. */
export const targetSchema = z.strictObject({
  /** Who logs in where the client names nobody that is allowed. */
  user: z.string().min(1).max(255).optional(),
  /** Login names that a client may ask for; `*` stands for any. Only `user` if left out. */
  users: z.array(z.string().min(1).max(255)).max(100).optional(),
  /** How Hoop logs in with the stored secret; a private key is recognised by itself. */
  auth: z.enum(["secret", "certificate", "none"]).optional(),
  /** Keys of the target, as in known_hosts. Left out: the first one that is seen is kept, and a changed one is refused. */
  hostKeys: z.array(hostKey).min(1).max(20).optional(),
  /** How the target is called in a certificate of its own, beside the connection's host. */
  hostNames: z.array(z.string().min(1).max(255)).max(20).optional(),
  /** The login's home at the target, so that rules on paths meet relative ones too. Left out: such paths begin with `~`. */
  home: z
    .string()
    .regex(/^(\/[^/\0]+)+$/)
    .max(500)
    .optional(),
  /** `other`: the login's shell is none that reads lines as POSIX shells do, so that every command line is `unknown`. */
  shell: z.enum(["posix", "other"]).optional(),
  /** `judged`: lines at a prompt are judged one by one, also where no rule looks at commands. */
  lines: z.enum(["judged", "as-rules-say"]).optional(),
  /** Environment variables that pass, beside LANG and LC_*. */
  env: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/))
    .max(50)
    .optional(),
});

export interface SshTarget {
  readonly user: string | null;
  readonly users: readonly string[];
  readonly auth: "secret" | "certificate" | "none";
  readonly hostKeys: readonly string[] | null;
  readonly hostNames: readonly string[];
  readonly env: readonly string[];
  readonly home: string | null;
  readonly shell: "posix" | "other";
  readonly lines: "judged" | "as-rules-say";
}

export function targetOf(connection: Connection): SshTarget {
  const said = targetSchema.parse(connection.target);
  return {
    user: said.user ?? null,
    users: said.users ?? [],
    auth: said.auth ?? "secret",
    hostKeys: said.hostKeys ?? null,
    hostNames: said.hostNames ?? [],
    env: said.env ?? [],
    home: said.home ?? null,
    shell: said.shell ?? "posix",
    lines: said.lines ?? "as-rules-say",
  };
}

/** Who logs in at the target for a client that asked for `asked`. The default takes the place of what is not allowed. */
export function loginName(target: SshTarget, credentialUser: string, asked: string): string | null {
  const usual = target.user ?? (credentialUser === "" ? null : credentialUser);
  if (target.users.includes(asked) || target.users.includes("*")) return asked;
  return usual;
}
