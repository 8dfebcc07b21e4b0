import type { Pipe, PipeAbort } from "../../transport/pipe.js";
import { deadline } from "../../vocabulary/index.js";
import type { SessionHost } from "../host.js";
import type { SessionEffect } from "../session.js";
import { secureTarget } from "./host-tls.js";
import { SidePort } from "./side-port.js";

const asideMs = 10_000;

type Aside = Extract<SessionEffect, { kind: "aside" }>;

/** Sends bytes to the target on a connection of their own and closes it; whatever goes wrong, the session goes on. */
export async function sendAside(host: SessionHost, { bytes, tls, id }: Aside, alpn: readonly string[]): Promise<void> {
  const signal = deadline(asideMs);
  let pipe: Pipe | null = null;
  const overdue: PipeAbort = { code: "timeout", text: "the target did not take a cancel in time" };
  try {
    pipe = await host.dial(signal);
    let accept: (accepted: boolean) => void = () => {};
    const accepted = new Promise<boolean>((resolve) => {
      accept = resolve;
    });
    const port = new SidePort(pipe, {
      // Anything but the one byte that was waited for: no cancel is sent in clear where the session was not.
      data: (chunk) => accept(chunk.length === 1 && chunk[0] === tls?.accept),
      gone: () => accept(false),
      backedUp: () => {},
    });
    const abort = () => port.abort(overdue);
    signal.addEventListener("abort", abort, { once: true });
    port.whenClosed(() => signal.removeEventListener("abort", abort));
    if (tls !== null) {
      port.send(tls.request);
      port.flush();
      if (!(await accepted)) return port.abort({ code: "unavailable", text: "the target refused TLS for a cancel" });
      await port.upgrade((lower) => secureTarget(host.init.connection, lower, { head: null, alpn, signal }));
    }
    port.send(bytes);
    port.end();
    if (id !== undefined) await new Promise<void>((resolve) => port.whenClosed(resolve));
  } catch {
    pipe?.abort({ code: "unavailable", text: "a cancel could not be delivered" });
  }
}
