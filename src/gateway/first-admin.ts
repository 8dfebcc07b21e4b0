import { readFileSync } from "node:fs";
import type { Identity } from "../identity/index.js";
import type { Recorder } from "../recording/index.js";
import { HoopError } from "../vocabulary/index.js";
import type { GatewayConfig } from "./config.js";

/** Makes the first admin from the configuration, or offers a one-time setup token; null: there is an admin. */
export async function firstAdmin(
  config: GatewayConfig,
  identity: Identity,
  recorder: Recorder,
): Promise<{ readonly token: string; readonly expires: Date } | null> {
  const { HOOP_ADMIN_NAME: name, HOOP_ADMIN_PASSWORD_FILE: file } = config;
  if ((name === undefined) !== (file === undefined))
    throw new HoopError("invalid", "HOOP_ADMIN_NAME and HOOP_ADMIN_PASSWORD_FILE belong together; one is missing");
  if (name === undefined || file === undefined) return identity.setup.offer();
  let password: string;
  try {
    password = readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new HoopError("invalid", `the first admin's password cannot be read from ${file}`, { cause });
  }
  const made = await identity.setup.seed({ name, password });
  if (made)
    recorder.append({
      kind: "change",
      actor: { subject: made.id, name: made.name, system: true },
      what: "setup.seeded",
      target: made.name,
      before: null,
      after: { groups: made.groups },
    });
  return null;
}
