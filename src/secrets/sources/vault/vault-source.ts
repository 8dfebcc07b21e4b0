import { deadline, HoopError } from "../../../vocabulary/index.js";
import type { SecretSource, SourceLease, SourceSecret } from "../source.js";
import { valueFrom } from "../value-in.js";
import { VaultClient, type VaultOptions, type VaultReply } from "./vault-client.js";

const callMs = 10_000;

/**
 * HashiCorp Vault: `vault:kv/data/pg-prod#password` (key-value, version 2), `vault:secret/pg-prod#password` (version 1),
 * `vault:database/creds/readonly` (a user of the database engine, made for this lease and revoked with it).
 */
export function createVaultSource(options: VaultOptions): SecretSource {
  const client = new VaultClient(options);
  return {
    async read(path, key, signal) {
      const reply = await client.call("GET", encoded(path), null, signal);
      const leased = typeof reply.lease_id === "string" && reply.lease_id !== "";
      return leased ? dynamic(client, reply, key) : valueFrom("the secret in Vault", contentOf(reply), key);
    },
  };
}

/** Version 2 wraps what was stored, and says which version it is. */
function contentOf({ data }: VaultReply): unknown {
  const outer = data as { data?: unknown; metadata?: unknown } | null | undefined;
  const second = typeof outer?.metadata === "object" && outer.metadata !== null && outer.data !== undefined;
  if (second && outer.data === null)
    throw new HoopError("not-found", "the newest version of the secret in Vault is deleted");
  return second ? outer.data : data;
}

function dynamic(client: VaultClient, reply: VaultReply, key: string | null): SourceSecret {
  const found = valueFrom("the credential in Vault", reply.data, key);
  const id = reply.lease_id as string;
  const lease: SourceLease = {
    id,
    lifeMs: milliseconds(reply),
    async renew() {
      const renewed = await client.call("PUT", "sys/leases/renew", { lease_id: id }, deadline(callMs));
      return milliseconds(renewed);
    },
    async revoke() {
      await client.call("PUT", "sys/leases/revoke", { lease_id: id }, deadline(callMs));
    },
  };
  return { ...found, lease };
}

const milliseconds = ({ lease_duration: seconds }: VaultReply): number =>
  typeof seconds === "number" ? seconds * 1_000 : 0;

const encoded = (path: string): string =>
  path
    .split("/")
    .filter((part) => part !== "")
    .map(encodeURIComponent)
    .join("/");
