import ssh2 from "ssh2";
import { noResult, runbookLimits, type Sending, type StepResult } from "../../runbooks/index.js";
import { type Connection, HoopError } from "../../vocabulary/index.js";
import { BoundedText } from "./bounded-text.js";
import type { RunLane } from "./lane.js";

/** A target may write more than is kept; one that writes this much is cut off. */
const maxOutput = 64 * 1024 * 1024;

/** One command of one session, without a terminal. */
export async function sendCommand(
  lane: RunLane,
  connection: Connection,
  { command, quoted }: Extract<Sending, { kind: "run" }>,
  signal: AbortSignal,
): Promise<StepResult> {
  if (quoted && connection.target.shell === "other") {
    lane.stream.destroy();
    throw new HoopError(
      "unsupported",
      `${connection.name} has a shell that does not read quotes as POSIX shells do, so no value can be given to it`,
    );
  }
  const client = new ssh2.Client();
  const stop = () => lane.stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  let banner = "";
  client.on("banner", (text) => {
    banner = text.trim().slice(0, 1_000);
  });
  try {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const lost = (error?: Error) =>
        reject(
          banner !== ""
            ? new HoopError("denied", banner.replace(/^hoop: /, ""))
            : (lane.refusal() ??
                new HoopError("unavailable", "the connection was lost before the login", { cause: error })),
        );
      client
        .once("ready", resolve)
        .once("error", lost)
        .once("close", () => lost());
      client.connect({
        sock: lane.stream as never,
        username: "runbook",
        authHandler: ["none"],
        // The other end of this pipe is this very process.
        hostVerifier: () => true,
        readyTimeout: 0,
        ident: "hoop-runbook",
      });
    });
    return await run(client, lane, command);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    client.end();
    lane.stream.destroy();
  }
}

function run(client: ssh2.Client, lane: RunLane, command: string): Promise<StepResult> {
  return new Promise((resolve, reject) => {
    const lost = () =>
      reject(lane.refusal() ?? new HoopError("unavailable", "the connection was lost during the command"));
    client.once("close", lost).once("error", lost);
    client.exec(command, (error, channel) => {
      if (error)
        return reject(
          lane.refusal() ?? new HoopError("denied", `the command was refused: ${error.message}`, { cause: error }),
        );
      const out = new BoundedText(runbookLimits.output);
      const err = new BoundedText(runbookLimits.output / 4);
      let exit: number | null = null;
      const take = (into: BoundedText) => (chunk: Buffer) => {
        into.add(chunk);
        if (out.total + err.total > maxOutput) {
          reject(new HoopError("too-large", `the command wrote more than ${maxOutput / 1024 / 1024} MB`));
          lane.stream.destroy();
        }
      };
      channel.on("data", take(out));
      channel.stderr.on("data", take(err));
      channel.once("exit", (code: number | null) => {
        exit = code;
      });
      channel.once("close", () =>
        resolve({ ...noResult, exit, stdout: out.toString(), stderr: err.toString(), cut: out.cut + err.cut }),
      );
      channel.end();
    });
  });
}
