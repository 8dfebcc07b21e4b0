import { createHash } from "node:crypto";
import { join } from "node:path";
import { HoopError } from "../../../vocabulary/index.js";
import type { Finding } from "../doctor/finding.js";
import type { TunnelStatus } from "../status.js";

/** What a running tunnel can be asked: one line of JSON each way. */
export interface ControlAnswers {
  readonly status: TunnelStatus;
  readonly doctor: readonly Finding[];
  /** Answered before the tunnel stops. */
  readonly down: { readonly pid: number };
}

export type ControlOp = keyof ControlAnswers;

export type ControlReply<Op extends ControlOp> =
  | { readonly ok: true; readonly answer: ControlAnswers[Op] }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string; readonly hint?: string } };

/** A question is one word in JSON. */
export const maxQuestion = 1_024;
/** Two thousand connections with everything about them stay far below. */
export const maxAnswer = 8 * 1024 * 1024;

/** The longest path of a socket that every Unix takes. */
const maxSocketPath = 103;

/** Where the tunnel that keeps its state in this folder listens: a Unix socket, on Windows a named pipe. */
export function controlPath(stateFolder: string): string {
  if (process.platform === "win32")
    return `\\\\.\\pipe\\hoop-tunnel-${createHash("sha256").update(stateFolder).digest("hex").slice(0, 16)}`;
  const path = join(stateFolder, "tunnel.sock");
  if (Buffer.byteLength(path) > maxSocketPath) {
    throw new HoopError("invalid", `${path} is too long for a socket`, {
      hint: "choose a shorter folder with HOOP_HOME",
    });
  }
  return path;
}
