// Runs a TypeScript program of this repository (bench, fuzz) after the build: `node scripts/run.mjs bench/main -- --quick`.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

const [program, ...rest] = process.argv.slice(2);
const compiled = spawnSync("npx", ["--no-install", "tsc", "-p", "tsconfig.tools.json"], { stdio: "inherit" });
if (compiled.status !== 0) process.exit(1);
// The compiled tree is a package like the real one: its version, and that it is made of modules.
copyFileSync("package.json", join(".cache", "tools", "package.json"));
// Programs that start a whole Hoop look for its build beside them.
if (!existsSync(join(".cache", "tools", "dist"))) symlinkSync(resolve("dist"), join(".cache", "tools", "dist"));
const result = spawnSync(process.execPath, [join(".cache", "tools", `${program}.js`), ...rest], { stdio: "inherit" });
process.exit(result.status ?? 1);
