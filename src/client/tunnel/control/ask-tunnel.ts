import { connect } from "node:net";
import { type ErrorCode, errorCodes, HoopError } from "../../../vocabulary/index.js";
import { type ControlAnswers, type ControlOp, type ControlReply, controlPath, maxAnswer } from "./messages.js";

/** Asks the tunnel that keeps its state in `stateFolder`. Throws `unavailable` where none runs. */
export function askTunnel<Op extends ControlOp>(
  stateFolder: string,
  op: Op,
  timeoutMs = 30_000,
): Promise<ControlAnswers[Op]> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlPath(stateFolder));
    let text = "";
    const fail = (error: HoopError) => {
      socket.destroy();
      reject(error);
    };
    socket.setEncoding("utf8");
    socket.setTimeout(timeoutMs, () =>
      fail(
        new HoopError("timeout", "the tunnel did not answer", {
          hint: "stop it with `hoop tunnel down`, or end its process",
        }),
      ),
    );
    socket.on("error", (error: NodeJS.ErrnoException) => fail(connectError(error)));
    socket.on("connect", () => socket.write(`${JSON.stringify({ op })}\n`));
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > maxAnswer) fail(new HoopError("too-large", "the tunnel's answer has no end"));
    });
    socket.on("end", () => {
      try {
        const reply = JSON.parse(text) as ControlReply<Op>;
        socket.destroy();
        if (reply.ok) return resolve(reply.answer);
        const { code, message, hint } = reply.error;
        reject(new HoopError(Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : "internal", message, { hint }));
      } catch (cause) {
        fail(new HoopError("unavailable", "the tunnel ended while it answered", { cause }));
      }
    });
  });
}

function connectError(error: NodeJS.ErrnoException): HoopError {
  if (error.code === "EACCES") {
    return new HoopError("denied", "the tunnel on this machine belongs to another user", {
      hint: "ask as that user, or as root",
      cause: error,
    });
  }
  return new HoopError("unavailable", "no tunnel runs", { hint: "start it with `hoop tunnel up`", cause: error });
}
