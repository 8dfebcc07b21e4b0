import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** Where a program is, also in the folders of administrators' programs; null: not installed. */
export function program(name: string): string | null {
  for (const folder of [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"]) {
    if (folder === "") continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this folder.
    }
  }
  return null;
}
