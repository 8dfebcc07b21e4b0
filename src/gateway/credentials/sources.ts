import { readFileSync } from "node:fs";
import {
  createAwsSource,
  createEnvironmentSource,
  createFileSource,
  createSecretSources,
  createVaultSource,
  type SecretSource,
  type SecretSources,
  type SourceKind,
  type VaultAuth,
} from "../../secrets/sources/index.js";
import { HoopError } from "../../vocabulary/index.js";
import type { GatewayConfig } from "../config.js";
import type { Log } from "../log.js";

/** The places outside of Hoop that this gateway is set up to read secrets from. Throws HoopError `invalid`. */
export function secretSources(config: GatewayConfig, log: Log): SecretSources {
  const now = Date.now;
  const sources: Partial<Record<SourceKind, SecretSource>> = {
    // Variables for credentials are no settings: the names are the operator's own.
    env: createEnvironmentSource((name) => process.env[name]),
  };
  if (config.HOOP_SECRET_FILES !== undefined) sources.file = createFileSource(config.HOOP_SECRET_FILES);
  if (config.HOOP_VAULT_ADDR !== undefined) {
    const caFile = config.HOOP_VAULT_CA_FILE;
    sources.vault = createVaultSource({
      address: encrypted("HOOP_VAULT_ADDR", config.HOOP_VAULT_ADDR),
      auth: vaultAuth(config),
      namespace: config.HOOP_VAULT_NAMESPACE ?? null,
      ca: caFile === undefined ? null : readFileSync(caFile, "utf8"),
      now,
    });
  }
  if (config.HOOP_AWS_REGION !== undefined) {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = config;
    const { AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } = config;
    const endpoint = config.HOOP_AWS_ENDPOINT;
    sources.aws = createAwsSource({
      region: config.HOOP_AWS_REGION,
      keys:
        accessKeyId && secretAccessKey
          ? { accessKeyId, secretAccessKey, sessionToken: config.AWS_SESSION_TOKEN }
          : null,
      webIdentity: roleArn && tokenFile ? { roleArn, tokenFile } : null,
      instanceRole: config.HOOP_AWS_INSTANCE_ROLE,
      endpoint: endpoint === undefined ? null : encrypted("HOOP_AWS_ENDPOINT", endpoint),
      stsEndpoint: null,
      metadataEndpoint: null,
      now,
    });
  }
  return createSecretSources({ sources, allowed: config.HOOP_SECRET_REFERENCES, now, log });
}

function vaultAuth(config: GatewayConfig): VaultAuth {
  const needed = (name: keyof GatewayConfig & string): string => {
    const value = config[name];
    if (typeof value === "string" && value !== "") return value;
    throw new HoopError("invalid", `HOOP_VAULT_AUTH=${config.HOOP_VAULT_AUTH} needs ${name}`);
  };
  const mount = config.HOOP_VAULT_AUTH_MOUNT ?? config.HOOP_VAULT_AUTH;
  switch (config.HOOP_VAULT_AUTH) {
    case "token":
      return { kind: "token", tokenFile: needed("HOOP_VAULT_TOKEN_FILE") };
    case "approle":
      return {
        kind: "approle",
        mount,
        roleId: needed("HOOP_VAULT_ROLE"),
        secretIdFile: needed("HOOP_VAULT_SECRET_ID_FILE"),
      };
    case "kubernetes":
      return { kind: "kubernetes", mount, role: needed("HOOP_VAULT_ROLE"), jwtFile: config.HOOP_VAULT_JWT_FILE };
  }
}

/** Secrets do not travel in clear, but on this machine. */
function encrypted(setting: string, text: string): URL {
  const url = new URL(text);
  const own = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && own)) return url;
  throw new HoopError("invalid", `${setting} is no https URL`);
}
