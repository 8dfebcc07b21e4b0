import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./postgres.js";

/** A directory server of its own, on loopback. */
export interface Slapd {
  /** Plain, with StartTLS. */
  readonly url: string;
  readonly ldaps: string;
  readonly base: string;
  readonly bindDn: string;
  readonly bindPassword: string;
  /** Applies LDIF as the directory's own admin. */
  modify(ldif: string): void;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const base = "dc=example,dc=com";
const rootDn = `cn=root,${base}`;
const rootPassword = "the directory's own";
const reader = `cn=hoop,${base}`;
const readerPassword = "hoop reads here";

/** `people`: LDIF of what is under the base, besides the reader that Hoop looks people up as. */
export async function startSlapd(options: {
  readonly people: string;
  readonly key: string;
  readonly certificate: string;
}): Promise<Slapd> {
  const folder = mkdtempSync(join(tmpdir(), "hoop-slapd-"));
  const [port, securePort] = [await freePort(), await freePort()];
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "key.pem"), options.key, { mode: 0o600 });
  writeFileSync(join(folder, "cert.pem"), options.certificate);
  writeFileSync(
    join(folder, "slapd.conf"),
    `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${folder}/slapd.pid
TLSCertificateFile ${folder}/cert.pem
TLSCertificateKeyFile ${folder}/key.pem
database mdb
suffix "${base}"
rootdn "${rootDn}"
rootpw "${rootPassword}"
directory ${folder}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${reader}" read by * none
`,
  );
  writeFileSync(
    join(folder, "seed.ldif"),
    `dn: ${base}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ${reader}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: hoop
userPassword: ${readerPassword}

${options.people}
`,
  );
  chmodSync(folder, 0o700);
  const conf = join(folder, "slapd.conf");
  const url = `ldap://127.0.0.1:${port}`;
  const ldaps = `ldaps://127.0.0.1:${securePort}`;
  let child: ReturnType<typeof spawn> | null = null;

  async function start(): Promise<void> {
    const started = spawn("/usr/sbin/slapd", ["-f", conf, "-h", `${url}/ ${ldaps}/`, "-d", "0"], { stdio: "ignore" });
    child = started;
    for (let tries = 0; ; tries++) {
      if (await answers(port)) return;
      if (tries > 600 || started.exitCode !== null) throw new Error(`slapd did not start (${started.exitCode})`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  async function stop(): Promise<void> {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null) return;
    const gone = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    await gone;
  }
  function modify(ldif: string): void {
    const done = spawnSync("ldapmodify", ["-x", "-H", url, "-D", rootDn, "-w", rootPassword], {
      input: ldif,
      encoding: "utf8",
    });
    if (done.status !== 0) throw new Error(`ldapmodify: ${done.stderr}`);
  }
  try {
    await start();
    const seeded = spawnSync(
      "ldapadd",
      ["-x", "-H", url, "-D", rootDn, "-w", rootPassword, "-f", join(folder, "seed.ldif")],
      { encoding: "utf8" },
    );
    if (seeded.status !== 0) throw new Error(`ldapadd: ${seeded.stderr}`);
  } catch (error) {
    await stop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    url,
    ldaps,
    base,
    bindDn: reader,
    bindPassword: readerPassword,
    modify,
    stop,
    start,
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
