// What tsc does not do: the program in one piece, the console, rebuilt only when its sources changed, and the executable bit of the command line program.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

if (existsSync("dist/cli.js")) chmodSync("dist/cli.js", 0o755);
await import("./bundle.mjs");

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((one, other) =>
    one.name < other.name ? -1 : 1,
  )) {
    if (["dist", "node_modules"].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}

const hash = createHash("sha256").update(readFileSync("package-lock.json"));
for (const path of files("web")) hash.update(path).update(readFileSync(path));
const wanted = hash.digest("hex");
const stamp = join("web", "dist", ".built");
const has = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
if (has !== wanted && existsSync(join("web", "index.html"))) {
  const result = spawnSync("npm", ["run", "--silent", "--workspace", "web", "build", "--", "--logLevel", "warn"], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (result.status !== 0) process.exit(1);
  mkdirSync(join("web", "dist"), { recursive: true });
  writeFileSync(stamp, wanted);
}
