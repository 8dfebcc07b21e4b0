import { readFileSync } from "node:fs";
import type { CredentialsPort } from "../../api/credentials-port.js";
import type { Connections } from "../../connections/index.js";
import type { Identity } from "../../identity/index.js";
import type { Pki } from "../../pki/index.js";
import { type AdmitPorts, admit } from "../../relay/admit.js";
import type { SecretVault } from "../../secrets/index.js";
import { createNativeCredentialStore } from "../../storage/native-credentials.js";
import type { Store } from "../../storage/store.js";
import type { GatewayConfig } from "../config.js";
import type { GatewayCredentials } from "../credentials/credentials.js";
import { credentialsPort } from "../credentials/credentials-port.js";
import type { Log } from "../log.js";
import { startNativeAccess } from "./native-access.js";

export interface NativeStart {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly connections: Connections;
  readonly vault: SecretVault;
  readonly store: Store;
  readonly pki: Pki;
  readonly admission: AdmitPorts;
  readonly logins: GatewayCredentials;
  readonly log: Log;
}

/** The ways in for native clients, and what the API says of credentials. */
export async function startNative(parts: NativeStart): Promise<{ port: CredentialsPort; close(): Promise<void> }> {
  const { config, identity, connections, pki, admission, logins, log } = parts;
  const { HOOP_TLS_CERT_FILE: certFile, HOOP_TLS_KEY_FILE: keyFile } = config;
  const files = certFile && keyFile ? { key: readFileSync(keyFile), chain: readFileSync(certFile) } : null;
  let own = await pki.gatewayCertificate();
  const renew = setInterval(() => {
    pki.gatewayCertificate().then(
      (fresh) => {
        own = fresh;
      },
      (error: unknown) => log.error({ err: error }, "the certificate for native clients could not be renewed"),
    );
  }, 12 * 3_600_000).unref();
  const native = await startNativeAccess({
    ...{ config, identity, connections, pki, log },
    store: createNativeCredentialStore(parts.store),
    open: admission.open,
    certificate: () => files ?? own,
    mockKey: (await parts.vault.purposeKey("native-logins")).export(),
    admit(lane, authenticate) {
      const authenticator = { ...admission.authenticator, authenticate };
      admit({ ...admission, authenticator }, lane).catch((error: unknown) => {
        log.error({ err: error }, "a native client's lane failed while it was admitted");
        lane.client.abort({ code: "internal", text: "this lane failed inside Hoop" });
      });
    },
  });
  const authority = (): string | null =>
    files === null ? `${pki.authorities("agents").trim()}\n${pki.authorities("names").trim()}\n` : null;
  return {
    port: credentialsPort({ config, native, logins, authority }),
    async close() {
      clearInterval(renew);
      await native.close();
    },
  };
}
