import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A long way to a port of this machine. */
export interface DelayedWay {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Hands bytes on `oneWay` milliseconds after they came, in both directions. The kernel connects over loopback at once,
 * so a new connection's first bytes wait for one more round trip, as long as a TCP handshake would have taken.
 */
export async function delayedWay(target: { host: string; port: number }, oneWay: number): Promise<DelayedWay> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const far = connect({ ...target, noDelay: true, allowHalfOpen: true });
    const opened = performance.now();
    later(client, far, (now) => Math.max(now, opened + 2 * oneWay) + oneWay);
    later(far, client, (now) => now + oneWay);
    for (const socket of [client, far]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function later(from: Socket, to: Socket, due: (now: number) => number): void {
  const after = (act: () => void) => setTimeout(act, Math.max(0, due(performance.now()) - performance.now()));
  from.on("data", (chunk) => after(() => to.write(chunk)));
  from.on("end", () => after(() => to.end()));
  from.on("error", () => to.destroy());
  from.on("close", (failed) => failed && to.destroy());
}
