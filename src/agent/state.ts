import { X509Certificate } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { HoopError } from "../vocabulary/index.js";

const identitySchema = z.strictObject({
  name: z.string(),
  /** PEM. */
  key: z.string(),
  /** PEM, leaf first. */
  certificate: z.string(),
  /** PEM of the authorities behind the gateway's own certificate. */
  authority: z.string(),
});

/** Who the agent is. The key was made here and never leaves. */
export type AgentIdentity = z.infer<typeof identitySchema>;

const file = "agent.json";

/** Null: the agent never joined. Throws HoopError when others can read the key, or the file is damaged. */
export async function readIdentity(folder: string): Promise<AgentIdentity | null> {
  const path = join(folder, file);
  let text: string;
  try {
    const { mode } = await stat(path);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new HoopError("precondition-failed", `${path} holds a private key and can be read by others`, {
        hint: `chmod 600 ${path}, or join anew if others may have read it`,
      });
    }
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    if (error instanceof HoopError) throw error;
    throw new HoopError("precondition-failed", `${path} cannot be read`, { cause: error });
  }
  try {
    return identitySchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new HoopError("precondition-failed", `${path} is damaged`, { hint: "move it away and join anew", cause });
  }
}

/** Key and certificate change together: one file, replaced at once, on disk before the old one is gone. */
export async function writeIdentity(folder: string, identity: AgentIdentity): Promise<void> {
  const path = join(folder, file);
  const draft = `${path}.${process.pid}.new`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(draft, "w", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(identity, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await chmod(draft, 0o600);
    await rename(draft, path);
  } catch (cause) {
    throw new HoopError("precondition-failed", `${path} cannot be written`, { cause });
  }
}

/** When a certificate begins and ends, and when it should be renewed: after two thirds of its life. */
export function lifeOf(certificate: string): { readonly expires: number; readonly renewAt: number } {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const [from, expires] = [Date.parse(validFrom), Date.parse(validTo)];
  return { expires, renewAt: from + ((expires - from) * 2) / 3 };
}
