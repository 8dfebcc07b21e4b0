import { AgentService, fullJitter, GrpcError, type GrpcSession, grpcStatus } from "../transport/grpc/index.js";
import type { Lanes } from "./lanes.js";
import type { AgentLog } from "./log.js";

export interface ControlOptions {
  readonly version: string;
  readonly allows: readonly string[];
  readonly lanes: Lanes;
  readonly log: AgentLog;
  /** The gateway has this agent on its list. */
  readonly welcomed?: (() => void) | undefined;
}

/** A control stream on one connection, opened again when it alone is lost: the lanes beside it go on. */
export interface Control {
  /** Tells the gateway to order no more. */
  drain(reason: string): void;
  stop(): void;
}

const heartbeatUntilWelcomeMs = 10_000;
/** A stream that lived this long was no failure. */
const stableMs = 10_000;

export function keepControl(session: GrpcSession, { version, allows, lanes, log, welcomed }: ControlOptions): Control {
  let attempt = 0;
  let stopped = false;
  let retry: NodeJS.Timeout | undefined;
  let end: (() => void) | null = null;
  let tellDraining: ((reason: string) => void) | null = null;
  let draining: string | null = null;

  function open(): void {
    if (stopped || !session.usable) return;
    const stream = session.stream(AgentService.method.control);
    const opened = Date.now();
    let sequence = 0n;
    let heartbeatMs = heartbeatUntilWelcomeMs;
    const silent = () => stream.fail(new GrpcError(grpcStatus.unavailable, "the gateway fell silent"));
    let overdue = setTimeout(silent, heartbeatMs * 3);
    let beat: NodeJS.Timeout | undefined;
    end = () => stream.fail(new GrpcError(grpcStatus.cancelled, "the agent leaves"));
    tellDraining = (reason) => stream.send({ message: { case: "draining", value: { reason } } });
    stream.start({
      message: ({ message }) => {
        clearTimeout(overdue);
        overdue = setTimeout(silent, heartbeatMs * 3);
        switch (message.case) {
          case "welcome":
            // A bound on what the gateway asks for: it must not make us spin or fall asleep.
            heartbeatMs = Math.min(Math.max(message.value.heartbeatMs || 10_000, 100), 60_000);
            clearInterval(beat);
            beat = setInterval(() => {
              stream.send({ message: { case: "heartbeat", value: { sequence: ++sequence } } });
            }, heartbeatMs);
            log.info({ gateway: message.value.version }, "the gateway welcomed this agent");
            welcomed?.();
            break;
          case "dialOrder": {
            const { nonce } = message.value;
            void lanes.dial(session, message.value, (failure, text) =>
              stream.send({ message: { case: "dialFailed", value: { nonce, failure, text } } }),
            );
            break;
          }
          case "dialWithdrawn":
            lanes.withdraw(message.value.nonce);
            break;
          case "draining":
            log.info({ reason: message.value.reason.slice(0, 300) }, "the gateway drains");
            break;
          default:
          // A heartbeat, or a message of a later version.
        }
      },
      ended: () => stream.end(),
      closed: (error) => {
        clearTimeout(overdue);
        clearInterval(beat);
        end = null;
        tellDraining = null;
        if (stopped || !session.usable) return;
        if (Date.now() - opened > stableMs) attempt = 0;
        const waitMs = fullJitter(attempt++, {});
        log.warn({ why: error?.message ?? "the gateway ended it", waitMs, lanes: lanes.size }, "control stream lost");
        retry = setTimeout(open, waitMs);
      },
    });
    stream.send({ message: { case: "hello", value: { version, capabilities: [], allows: [...allows] } } });
    if (draining !== null) tellDraining(draining);
  }

  open();
  return {
    drain(reason) {
      draining = reason;
      tellDraining?.(reason);
    },
    stop() {
      stopped = true;
      clearTimeout(retry);
      end?.();
    },
  };
}
