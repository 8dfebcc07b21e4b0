import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./peers/process.js";

/** A throw-away certificate for 127.0.0.1, PEM; null where openssl is not installed. */
export async function throwAwayCertificate(): Promise<{ key: string; cert: string } | null> {
  const folder = mkdtempSync(join(tmpdir(), "hoop-bench-tls-"));
  try {
    const [key, cert] = [join(folder, "key"), join(folder, "cert")];
    await run("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=127.0.0.1", "-keyout", key, "-out", cert],
    ]);
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
