import { setTimeout as sleep } from "node:timers/promises";
import { alive } from "../client/file-lock.js";
import { askTunnel } from "../client/tunnel/control/ask-tunnel.js";
import { HoopError } from "../vocabulary/index.js";

const patienceMs = 15_000;

/** Stops the tunnel with this state folder and waits until it has put everything back. Null: none runs. */
export async function stopTunnel(stateFolder: string): Promise<number | null> {
  let pid: number;
  try {
    ({ pid } = await askTunnel(stateFolder, "down"));
  } catch (error) {
    if (error instanceof HoopError && error.code === "unavailable") return null;
    throw error;
  }
  const deadline = Date.now() + patienceMs;
  // It answers to the last: when it is silent, the machine is as it should be.
  while (alive(pid) && (await answers(stateFolder))) {
    if (Date.now() > deadline) {
      throw new HoopError("timeout", `the tunnel (pid ${pid}) does not stop`, { hint: `end it: kill ${pid}` });
    }
    await sleep(50);
  }
  return pid;
}

async function answers(stateFolder: string): Promise<boolean> {
  try {
    await askTunnel(stateFolder, "status", 1_000);
    return true;
  } catch {
    return false;
  }
}
