import { existsSync, readFileSync, statSync } from "node:fs";

/**
 * The bundled program below `dist`, where the build made one of just these modules. Null: it is older or newer than what was compiled,
 * or was never made; then the modules themselves run.
 */
export function bundledMain(dist: URL): URL | null {
  const stamp = new URL("bundle/.built", dist);
  const compiled = new URL(".tsbuildinfo", dist);
  if (!existsSync(stamp) || !existsSync(compiled)) return null;
  const { size, mtimeMs } = statSync(compiled);
  return readFileSync(stamp, "utf8") === `${size} ${mtimeMs}` ? new URL("bundle/main.js", dist) : null;
}
