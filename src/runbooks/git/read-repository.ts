import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deadline, HoopError } from "../../vocabulary/index.js";
import { runbookLimits } from "../limits.js";
import type { NewSource } from "../store.js";
import { checkBranch, checkFolder, gitAddress } from "./address.js";
import { type GitRun, runGit } from "./run-git.js";

/** What was found in a repository. */
export interface Fetched {
  readonly commit: string;
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Files that are not read, and why. */
  readonly problems: readonly string[];
}

export interface ReadOptions {
  readonly source: NewSource;
  /** https: a token or `user:password`; ssh: a private key. */
  readonly secret: string | null;
  /** Below which repositories on this disk may be; null: nowhere. */
  readonly fileRoot: string | null;
  readonly signal: AbortSignal;
}

const fetchMs = 60_000;
const maxFolder = 64 * 1024 * 1024;
const maxFiles = 500;
const maxAll = 16 * 1024 * 1024;

/**
 * Fetches the branch's newest commit, without its history, and reads the runbooks in its folder out of the object store: nothing is
 * checked out, so there is no link, hook, filter or submodule that could do anything. Throws HoopError.
 */
export async function readRepository({ source, secret, fileRoot, signal }: ReadOptions): Promise<Fetched> {
  const address = gitAddress(source.url, fileRoot);
  const branch = checkBranch(source.branch);
  const folder = checkFolder(source.folder);
  const home = await mkdtemp(join(tmpdir(), "hoop-runbooks-"));
  try {
    const git: GitRun = {
      folder: home,
      env: { GIT_ALLOW_PROTOCOL: address.transport, ...(await sshEnv(address.transport, source, secret, home)) },
      config: [
        [`protocol.${address.transport}.allow`, "always"],
        ...(await httpsConfig(address.transport, source, secret, home)),
      ],
      signal: deadline(fetchMs, signal),
      maxOutput: 4 * 1024 * 1024,
      maxFolder,
    };
    await runGit(["init", "--quiet", "--bare", "--template=", "repository"], git);
    const repository = ["--git-dir=repository"];
    const fetch = [
      ...repository,
      "fetch",
      "--quiet",
      "--depth=1",
      "--no-tags",
      "--no-recurse-submodules",
      "--no-write-fetch-head",
    ];
    await runGit([...fetch, "--", address.url, `+refs/heads/${branch}:refs/heads/pinned`], git);
    const commit = (await runGit([...repository, "rev-parse", "--verify", "refs/heads/pinned^{commit}"], git))
      .toString()
      .trim();
    if (!/^[0-9a-f]{40,64}$/.test(commit))
      throw new HoopError("malformed", "the repository's newest commit has no name");
    if (source.allowedSigners !== null) await verifySignature(commit, source.allowedSigners, repository, git);
    return { commit, ...(await readFiles(commit, folder, repository, git)) };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function sshEnv(
  transport: string,
  source: NewSource,
  secret: string | null,
  home: string,
): Promise<Record<string, string>> {
  if (transport !== "ssh") return {};
  if (source.knownHosts === null)
    throw new HoopError("invalid", "a repository over ssh needs its server's host keys: knownHosts");
  if (secret === null) throw new HoopError("invalid", "a repository over ssh needs a private key as its secret");
  const [key, hosts] = [join(home, "key"), join(home, "known_hosts")];
  await writeFile(key, secret.endsWith("\n") ? secret : `${secret}\n`, { mode: 0o600 });
  await writeFile(hosts, source.knownHosts, { mode: 0o600 });
  const options = [
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${hosts}`,
    "GlobalKnownHostsFile=/dev/null",
    "ConnectTimeout=15",
    "ForwardAgent=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "ProxyCommand=none",
  ];
  return {
    GIT_SSH_COMMAND: `ssh -F /dev/null -i ${key} ${options.map((option) => `-o ${option}`).join(" ")}`,
    GIT_SSH_VARIANT: "ssh",
  };
}

async function httpsConfig(
  transport: string,
  source: NewSource,
  secret: string | null,
  home: string,
): Promise<readonly (readonly [string, string])[]> {
  if (transport !== "https") return [];
  const config: [string, string][] = [["http.sslVerify", "true"]];
  if (source.ca !== null) {
    const file = join(home, "ca.pem");
    await writeFile(file, source.ca, { mode: 0o600 });
    config.push(["http.sslCAInfo", file]);
  }
  if (secret !== null) {
    const login = secret.includes(":") ? secret : `git:${secret}`;
    config.push(["http.extraHeader", `Authorization: Basic ${Buffer.from(login).toString("base64")}`]);
  }
  return config;
}

async function verifySignature(
  commit: string,
  signers: string,
  repository: readonly string[],
  git: GitRun,
): Promise<void> {
  const file = join(git.folder, "allowed-signers");
  await writeFile(file, signers, { mode: 0o600 });
  const config = [...git.config, ["gpg.format", "ssh"], ["gpg.ssh.allowedSignersFile", file]] as const;
  try {
    await runGit([...repository, "verify-commit", "--", commit], { ...git, config });
  } catch (cause) {
    throw new HoopError("denied", `the commit ${commit.slice(0, 12)} is not signed by anybody who may sign runbooks`, {
      cause,
    });
  }
}

async function readFiles(
  commit: string,
  folder: string,
  repository: readonly string[],
  git: GitRun,
): Promise<Omit<Fetched, "commit">> {
  const listing = await runGit(
    [
      ...repository,
      "ls-tree",
      "-r",
      "-z",
      "--long",
      "--full-tree",
      commit,
      "--",
      ...(folder === "" ? [] : [`${folder}/`]),
    ],
    git,
  );
  const files: { path: string; text: string }[] = [];
  const problems: string[] = [];
  let all = 0;
  for (const line of listing.toString("utf8").split("\0").filter(Boolean)) {
    const found = /^(\d{6}) (blob|commit|tree) ([0-9a-f]{40,64}) +(\d+|-)\t([\s\S]+)$/.exec(line);
    const path = found?.[5] ?? "";
    if (!found || !/\.runbook\.md$/.test(path)) continue;
    const [, mode, , oid, size] = found;
    const name = JSON.stringify(path.slice(0, 200));
    if (!/^[\x20-\x7e]{1,300}$/.test(path)) problems.push(`${name} has a name that a runbook's file does not have`);
    else if (mode !== "100644" && mode !== "100755") problems.push(`${name} is a link, and no file`);
    else if (Number(size) > runbookLimits.text) problems.push(`${name} is larger than ${runbookLimits.text / 1024} KB`);
    else if (files.length >= maxFiles || all + Number(size) > maxAll) problems.push(`${name} is one file too many`);
    else {
      all += Number(size);
      const bytes = await runGit([...repository, "cat-file", "blob", oid!], git);
      const text = decoded(bytes);
      if (text === null) problems.push(`${name} is no UTF-8`);
      else files.push({ path, text });
    }
  }
  return { files, problems };
}

function decoded(bytes: Buffer): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
