import { readFile, realpath, stat } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { HoopError } from "../../vocabulary/index.js";
import type { SecretSource } from "./source.js";
import { valueIn } from "./value-in.js";

const longest = 64 * 1024;
const prefix = "HOOP_CREDENTIAL_";

/** `env:HOOP_CREDENTIAL_PG_PROD`: what whoever runs the gateway gave it for this; nothing else of its environment. */
export function createEnvironmentSource(read: (name: string) => string | undefined): SecretSource {
  return {
    async read(path, key) {
      if (!path.startsWith(prefix) || !/^[A-Z0-9_]+$/.test(path))
        throw new HoopError("denied", `only variables that begin with ${prefix} hold credentials`);
      const value = read(path);
      if (value === undefined || value === "") throw new HoopError("not-found", `the gateway has no variable ${path}`);
      return valueIn("the variable", value, key);
    },
  };
}

/** `file:pg-prod/password`, below one folder; a mounted secret is read anew each time that it is not cached. */
export function createFileSource(folder: string): SecretSource {
  return {
    async read(path, key) {
      const notThere = (cause?: unknown) =>
        new HoopError("not-found", "there is no such file in the folder of secrets", { cause });
      const root = await realpath(folder).catch((cause) => {
        throw notThere(cause);
      });
      const file = await realpath(resolve(root, path)).catch((cause) => {
        throw notThere(cause);
      });
      // Mounted secrets are links to links, but inside of their own folder.
      if (!file.startsWith(root + sep)) throw new HoopError("denied", "that file is outside of the folder of secrets");
      const { size } = await stat(file);
      if (size > longest) throw new HoopError("too-large", "that file is longer than a secret may be");
      const text = (await readFile(file, "utf8")).replace(/\r?\n$/, "");
      if (text === "") throw new HoopError("not-found", "that file is empty");
      return valueIn("the file", text, key);
    },
  };
}
