import { sampleRole } from "./postgres/roles.js";
import { sampleDatabase, sampleLogin } from "./postgres/start.js";

/** What the samples ask for; only Hoop knows it. */
export interface SampleSecrets {
  readonly pgPassword: string;
  readonly webToken: string;
  readonly sshPassword: string;
  /** A private key in OpenSSH's form. */
  readonly sshHostKey: string;
  /** Its public half, as in known_hosts. */
  readonly sshHostKeyLine: string;
}

const zone = "samples.hoop";

/** Hosts of samples; no name server is ever asked for them. */
export const sampleHosts = { pg: `pg-demo.${zone}`, web: `web-demo.${zone}`, ssh: `site-demo.${zone}` } as const;

export const isSampleHost = (host: string): boolean => host.toLowerCase().endsWith(`.${zone}`);

/** The connections that lead to samples. A label says what they are; rules may name it. */
export function sampleConnections(secrets: SampleSecrets) {
  const labels = { env: "demo", sample: "yes" };
  return [
    {
      secret: secrets.pgPassword,
      draft: {
        ...{ name: "pg-demo", protocol: "postgres", host: sampleHosts.pg, port: 5432 },
        labels,
        tls: { mode: "disable" as const },
        target: { user: sampleLogin, database: sampleDatabase },
        // Each session logs in as a user of the person's own, that may do what this role may.
        credential: { roles: [sampleRole] },
      },
    },
    {
      secret: secrets.webToken,
      draft: {
        ...{ name: "web-demo", protocol: "http", host: sampleHosts.web, port: 80 },
        labels: { ...labels, fields: "personal" },
        target: { auth: { kind: "bearer" } },
      },
    },
    {
      secret: secrets.sshPassword,
      draft: {
        ...{ name: "site-demo", protocol: "ssh", host: sampleHosts.ssh, port: 22 },
        labels,
        target: { user: "deploy", home: "/home/deploy", hostKeys: [secrets.sshHostKeyLine] },
      },
    },
  ] as const;
}
