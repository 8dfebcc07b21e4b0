import { Bridge } from "../../src/protocols/ssh/connection/bridge.js";
import { SftpTap } from "../../src/protocols/ssh/sftp/sftp-tap.js";
import { message, write } from "../../src/protocols/ssh/wire.js";
import { MalformedError } from "../../src/wire/index.js";
import { Finding, type FuzzTarget, kindOf } from "../target.js";

const maxBuffered = 16 * 1024 * 1024;

/** Messages of either end, in any order: each is a byte for its end, a length of two bytes, the message. */
export const sshConnection: FuzzTarget = {
  name: "ssh-connection",
  seeds: () => {
    const session = write(message.channelOpen).string("session").uint32(0).uint32(65_536).uint32(32_768).end();
    const opened = write(message.channelOpenConfirmation).uint32(0).uint32(5).uint32(65_536).uint32(32_768).end();
    const exec = write(message.channelRequest).uint32(0).string("exec").boolean(true).string("ls").end();
    const sftp = write(message.channelRequest).uint32(0).string("subsystem").boolean(true).string("sftp").end();
    const init = Buffer.from("0000000501000000030000000d0d00000001000000042f746d70", "hex");
    const data = write(message.channelData).uint32(0).string(init).end();
    const close = write(message.channelClose).uint32(0).end();
    return [exec, sftp].map((start) =>
      talk([session, 0], [opened, 1], [start, 0], [data, 0], [data, 1], [close, 0], [close, 1]),
    );
  },
  run(input) {
    let sent = 0;
    const bridge: Bridge = new Bridge({
      env: [],
      send: (_, payload) => {
        sent += payload.length;
        if (sent > maxBuffered) throw new Finding("more was sent than could have been asked for");
      },
      judge: (request, _, answer) => {
        answer(
          "command" in request && request.command.includes("n")
            ? { outcome: "deny", text: "no" }
            : { outcome: "allow" },
        );
        return () => {};
      },
      tap: (channel, { inject }) =>
        channel.running?.kind === "subsystem"
          ? new SftpTap({
              judge: (operation, _, answer) => {
                answer(operation.name === "remove" ? { denied: "no" } : { ask: 1 });
                return () => {};
              },
              finished: () => {},
              inject: (to, bytes) => inject(to, bytes, null),
              idle: () => {},
              closed: () => {},
            })
          : null,
    });
    let taken = 0;
    try {
      for (let at = 0; at + 3 <= input.length; taken++) {
        const length = input.readUInt16BE(at + 1);
        const payload = Buffer.from(input.subarray(at + 3, at + 3 + length));
        bridge.receive((input[at]! & 1) === 0 ? "client" : "target", payload);
        at += 3 + length;
      }
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return `${kindOf(error)} ${Math.min(taken, 8)}`;
    } finally {
      bridge.close();
    }
    return `taken ${Math.min(taken, 16)} ${bridge.channels}`;
  },
};

function talk(...messages: readonly (readonly [Buffer, number])[]): Buffer {
  return Buffer.concat(
    messages.flatMap(([payload, end]) => {
      const head = Buffer.alloc(3);
      head[0] = end;
      head.writeUInt16BE(payload.length, 1);
      return [head, payload];
    }),
  );
}
