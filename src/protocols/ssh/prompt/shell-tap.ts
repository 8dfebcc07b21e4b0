import type { TapPorts } from "../connection/bridge.js";
import type { Channel, ChannelTap } from "../connection/channel.js";
import { LineControl } from "./line-control.js";
import type { LineStatements } from "./line-statements.js";
import { ScriptControl } from "./script-control.js";

export interface ShellParts {
  readonly channel: Channel;
  /** Counts and records. */
  readonly plain: ChannelTap;
  readonly ports: TapPorts;
  readonly statements: LineStatements;
  readonly active: () => boolean;
}

/** A shell's channel, with a terminal or without: its lines are judged where rules ask for it. */
export function shellTap({ channel, plain, ports, statements, active }: ShellParts): ChannelTap {
  const idle = () => {
    if (channel.ended.client) ports.end();
  };
  const shared = {
    active,
    idle,
    judge: statements.judge.bind(statements),
    // On standard error, as all of Hoop's own words.
    toClient: (text: string) => ports.inject("client", Buffer.from(text), 1),
  };
  const lines = channel.pty
    ? new LineControl({
        ...shared,
        toTarget: (text) => ports.inject("target", Buffer.from(text), null),
        screen: () => channel.pty!,
      })
    : null;
  const script = lines
    ? null
    : new ScriptControl({ ...shared, toTarget: (bytes) => ports.inject("target", bytes, null) });
  const control = (lines ?? script)!;
  return {
    fromClient(data) {
      plain.fromClient(data);
      return control.fromClient(data);
    },
    fromTarget(data, extended) {
      statements.showed(data.length);
      lines?.fromTarget(data);
      return plain.fromTarget(data, extended);
    },
    resized: (columns, rows) => plain.resized?.(columns, rows),
    exited: (status, signal) => plain.exited?.(status, signal),
    ended: () => (script ? script.ended() : control.isIdle),
    closed() {
      control.closed();
      statements.over();
      plain.closed();
    },
  };
}
