import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runAs, templatesVariable } from "./postgres.js";

/** Before the first file of a run: a folder for what its servers begin with, which the last one takes away. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "hoop-templates-"));
  const { uid, gid } = runAs();
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  process.env[templatesVariable] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
