import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRepository } from "../../src/runbooks/git/read-repository.js";
import type { NewSource } from "../../src/runbooks/store.js";
import { type Sshd, startSshd } from "../ssh/sshd.js";

let folder: string;
let work: string;
let server: Server;
let url: string;
let ca: string;
let sshd: Sshd;
const asked: (string | undefined)[] = [];
const clean = {
  PATH: process.env.PATH!,
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@x",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@x",
};
const git = (...args: string[]) => execFileSync("git", ["-C", work, ...args], { env: clean, encoding: "utf8" }).trim();
const text = (name: string) =>
  `---\napiVersion: hoop/v1\nkind: runbook\nmetadata: { name: ${name} }\nspec:\n  steps: [{ name: go, connection: pg, sql: select 1 }]\n---\n`;
const source = (more: Partial<NewSource> = {}): NewSource => ({
  name: "ops",
  url,
  branch: "main",
  folder: "",
  allowedSigners: null,
  mayActAs: [],
  ca,
  knownHosts: null,
  ...more,
});
const read = (more: Partial<NewSource> = {}, secret: string | null = "tok") =>
  readRepository({ source: source(more), secret, fileRoot: folder, signal: AbortSignal.timeout(30_000) });

function commit(message: string, ...more: string[]): string {
  git("add", "-A");
  git(...more, "commit", "-q", "--allow-empty", "-m", message);
  git("push", "-q", "-f", "origin", "main");
  return git("rev-parse", "HEAD");
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hoop-git-"));
  work = join(folder, "work");
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", join(folder, "ops.git")], { env: clean });
  execFileSync("git", ["init", "-q", "-b", "main", work], { env: clean });
  git("remote", "add", "origin", join(folder, "ops.git"));
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  openssl(
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    "key.pem",
    "-out",
    "cert.pem",
    "-days",
    "2",
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost",
  );
  ca = readFileSync(join(folder, "cert.pem"), "utf8");
  // Git's own smart HTTP server, as a CGI program.
  server = createServer({ key: readFileSync(join(folder, "key.pem")), cert: ca }, (request, response) => {
    asked.push(request.headers.authorization);
    const [path, query = ""] = request.url!.split("?");
    if (path!.startsWith("/moved"))
      return void response.writeHead(302, { location: "http://169.254.169.254/latest/" }).end();
    if (path!.startsWith("/hang")) return;
    const backend = spawn("git", ["http-backend"], {
      env: {
        ...clean,
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: "1",
        PATH_INFO: path,
        QUERY_STRING: query,
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
        HTTP_CONTENT_ENCODING: String(request.headers["content-encoding"] ?? ""),
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "safe.directory",
        GIT_CONFIG_VALUE_0: "*",
      } as never,
    });
    request.pipe(backend.stdin);
    let head = Buffer.alloc(0);
    let begun = false;
    backend.stdout.on("data", (chunk: Buffer) => {
      if (begun) return void response.write(chunk);
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      begun = true;
      for (const line of head.toString("latin1", 0, end).split("\r\n")) {
        const [name, value] = line.split(": ") as [string, string];
        if (name === "Status") response.statusCode = Number.parseInt(value, 10);
        else response.setHeader(name, value);
      }
      response.write(head.subarray(end + 4));
    });
    backend.on("close", () => response.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `https://localhost:${(server.address() as AddressInfo).port}/ops.git`;
  sshd = await startSshd();
  writeFileSync(join(work, "one.runbook.md"), text("one"));
  mkdirSync(join(work, "deep/er"), { recursive: true });
  writeFileSync(join(work, "deep/er/two.runbook.md"), text("two"));
  writeFileSync(join(work, "README.md"), "not a runbook");
  commit("first");
});

afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await sshd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("over https with a token and an authority of its own", async () => {
  const found = await read();
  expect(found.commit).toBe(git("rev-parse", "HEAD"));
  expect(found.files.map(({ path }) => path).sort()).toEqual(["deep/er/two.runbook.md", "one.runbook.md"]);
  expect(found.problems).toEqual([]);
  expect(asked).toContain(`Basic ${Buffer.from("git:tok").toString("base64")}`);
  expect((await read({ folder: "deep" })).files.map(({ path }) => path)).toEqual(["deep/er/two.runbook.md"]);
});

test("a server that nobody vouches for is not believed", async () => {
  await expect(read({ ca: null })).rejects.toThrow(/certificate|verif|SSL/i);
});

test("over ssh, with the server's key pinned", async () => {
  const { port } = new URL(`http://127.0.0.1:${sshd.port}`);
  const over = {
    url: `ssh://root@127.0.0.1:${port}${join(folder, "ops.git")}`,
    ca: null,
    knownHosts: `[127.0.0.1]:${port} ${sshd.hostKey}\n`,
  };
  expect((await read(over, sshd.userKey)).files).toHaveLength(2);
  const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
  await expect(read({ ...over, knownHosts: `[127.0.0.1]:${port} ${other}\n` }, sshd.userKey)).rejects.toThrow(
    /[Hh]ost key/,
  );
  await expect(read({ ...over, knownHosts: null }, sshd.userKey)).rejects.toThrow("knownHosts");
});

test("links, what is too large and what is no text are left out and named; nothing is followed", async () => {
  writeFileSync(join(folder, "outside.runbook.md"), text("outside"));
  symlinkSync("/etc/passwd", join(work, "passwd.runbook.md"));
  symlinkSync(join(folder, "outside.runbook.md"), join(work, "out.runbook.md"));
  symlinkSync("..", join(work, "up"));
  writeFileSync(join(work, "huge.runbook.md"), `${text("huge")}${"x".repeat(300 * 1024)}`);
  writeFileSync(join(work, "bytes.runbook.md"), Buffer.from([0x2d, 0x2d, 0xff, 0xfe]));
  writeFileSync(join(work, "odd\nname.runbook.md"), text("odd"));
  commit("traps");
  const found = await read();
  expect(found.files.map(({ path }) => path).sort()).toEqual(["deep/er/two.runbook.md", "one.runbook.md"]);
  const problems = found.problems.join("\n");
  for (const part of [
    '"passwd.runbook.md" is a link',
    '"out.runbook.md" is a link',
    "larger than 256 KB",
    "no UTF-8",
    "a name that",
  ])
    expect(problems).toContain(part);
});

test("a repository's hooks, filters and attributes run nothing here", async () => {
  const canary = join(folder, "canary");
  writeFileSync(join(work, ".gitattributes"), "*.md filter=evil diff=evil\n");
  writeFileSync(
    join(work, ".gitmodules"),
    `[submodule "x"]\n path = x\n url = ext::sh -c "touch ${canary}"\n update = !touch ${canary}\n`,
  );
  for (const hook of ["post-checkout", "reference-transaction", "post-update"])
    writeFileSync(join(folder, "ops.git/hooks", hook), `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
  rmSync(join(folder, "ops.git/hooks/post-update"));
  rmSync(join(folder, "ops.git/hooks/reference-transaction"));
  commit("evil");
  await expect(read()).rejects.toThrow("gitmodules");
  rmSync(join(work, ".gitmodules"));
  commit("less evil");
  await read();
  expect(existsSync(canary)).toBe(false);
});

test("only commits of those who may sign are taken, where a source says so", async () => {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "signer")]);
  const signer = readFileSync(join(folder, "signer.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  const allowedSigners = `ops@example.com ${signer}\n`;
  await expect(read({ allowedSigners })).rejects.toThrow("not signed by anybody");
  const signed = commit(
    "signed",
    "-c",
    "gpg.format=ssh",
    "-c",
    `user.signingkey=${join(folder, "signer")}`,
    "-c",
    "commit.gpgsign=true",
  );
  expect((await read({ allowedSigners })).commit).toBe(signed);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "other")]);
  const other = readFileSync(join(folder, "other.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  await expect(read({ allowedSigners: `ops@example.com ${other}\n` })).rejects.toThrow("not signed by anybody");
});

test("redirects are not followed, a server that hangs is given up, a branch that is not there is said", async () => {
  await expect(read({ url: url.replace("/ops.git", "/moved/ops.git") })).rejects.toThrow(
    /git fetch|redirect|302|unable/i,
  );
  const hanging = readRepository({
    source: source({ url: url.replace("/ops.git", "/hang/ops.git") }),
    secret: null,
    fileRoot: null,
    signal: AbortSignal.timeout(1_500),
  });
  await expect(hanging).rejects.toThrow("in time");
  await expect(read({ branch: "other" })).rejects.toThrow(/git .*failed/);
});

test("a repository on this disk below the folder that is named", async () => {
  expect((await read({ url: `file://${join(folder, "ops.git")}`, ca: null }, null)).files).toHaveLength(2);
  await expect(read({ url: "file:///etc", ca: null }, null)).rejects.toThrow("not below");
});
