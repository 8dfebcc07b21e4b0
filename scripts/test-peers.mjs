// Installs the real servers and clients that the tests speak to. Debian packages, as root; elsewhere it says what is missing.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** A probe that tells whether the peer is there, and the Debian package that brings it. */
const peers = [
  {
    package: "postgresql",
    there: () =>
      existsSync("/usr/lib/postgresql") && spawnSync("sh", ["-c", "ls /usr/lib/postgresql/*/bin/initdb"]).status === 0,
  },
  {
    package: "postgresql-contrib",
    there: () =>
      spawnSync("sh", [
        "-c",
        "ls /usr/lib/postgresql/*/bin/pgbench && ls /usr/share/postgresql/*/extension/dblink.control",
      ]).status === 0,
  },
  { package: "openssh-server", there: () => existsSync("/usr/sbin/sshd") },
  { package: "openssh-client", there: () => found("ssh") },
  { package: "zsh", there: () => found("zsh") },
  { package: "slapd", there: () => found("slapd") },
  { package: "ldap-utils", there: () => found("ldapadd") },
  { package: "ansible-core", there: () => found("ansible") },
  { package: "git", there: () => found("git") },
  { package: "xauth", there: () => found("xauth") },
  { package: "kubernetes-client", there: () => found("kubectl") },
  { package: "rsync", there: () => found("rsync") },
  { package: "putty-tools", there: () => found("plink") },
  { package: "python3-paramiko", there: () => python("paramiko") },
  { package: "curl", there: () => found("curl") },
  { package: "pgbouncer", there: () => found("pgbouncer") },
  { package: "nginx-light", there: () => found("nginx") },
  { package: "nftables", there: () => found("nft") },
  { package: "iproute2", there: () => found("ip") },
  { package: "openssl", there: () => found("openssl") },
  { package: "chromium", there: () => found("chromium") },
  { package: "default-jdk-headless", there: () => found("javac") },
  { package: "libpostgresql-jdbc-java", there: () => existsSync("/usr/share/java/postgresql.jar") },
  { package: "python3-psycopg2", there: () => python("psycopg2") },
  { package: "python3-psycopg", there: () => python("psycopg") },
  { package: "python3-asyncpg", there: () => python("asyncpg") },
];

function found(command) {
  return (
    spawnSync("sh", ["-c", `command -v ${command}`], {
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    }).status === 0
  );
}

function python(module) {
  return spawnSync("/usr/bin/python3", ["-c", `import ${module}`]).status === 0;
}

export async function installTestPeers() {
  const missing = peers.filter((peer) => !peer.there()).map((peer) => peer.package);
  if (missing.length === 0) return;
  const apt = spawnSync("sh", ["-c", "command -v apt-get"]).status === 0;
  if (!apt || process.getuid?.() !== 0) {
    console.error(
      `Missing for the tests: ${missing.join(", ")}. As root on Debian they are installed for you; their tests are skipped by name.`,
    );
    return;
  }
  console.log(`Installing ${missing.join(", ")} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const update = spawnSync("apt-get", ["update", "-qq"], { stdio: "inherit", env });
  const install = spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
    stdio: ["ignore", "ignore", "inherit"],
    env,
  });
  if (update.status !== 0 || install.status !== 0) {
    console.error(`Could not install ${missing.join(", ")}.`);
    process.exit(1);
  }
}
