// Makes a fresh checkout ready: dependencies, build and, with --tests, what the tests need from the system.
// Plain JavaScript because it runs before anything is installed. Idempotent; does nothing that is done already.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Hoop needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(1);
}

function run(command, args, what) {
  const result = spawnSync(command, args, { stdio: "inherit", shell: process.platform === "win32" });
  if (result.status === 0) return;
  console.error(`\n${what} failed: ${command} ${args.join(" ")}${result.error ? ` (${result.error.message})` : ""}`);
  process.exit(1);
}

const lock = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
const stamp = join("node_modules", ".hoop-setup");
const installed = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
if (installed !== lock) {
  console.log("Installing dependencies …");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], "npm ci");
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

if (process.argv.includes("--tests")) {
  const { installTestPeers } = await import("./test-peers.mjs");
  await installTestPeers();
}

console.log("Building …");
run("npm", ["run", "--silent", "build"], "the build");
