import type { Socket } from "node:net";
import { TransportError } from "./error.js";

/** A socket that is being connected. */
export interface Dialling {
  readonly socket: Socket;
  /** What errors call the other side. */
  readonly where: string;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  errorFrom(error: NodeJS.ErrnoException): TransportError;
  /** Called as soon as it is connected, before anything is read. */
  connected(): void;
  failed(error: TransportError): void;
}

/** Waits until a dial comes to something, once: connected, failed, late or cancelled; the socket of one that failed is destroyed. */
export function settleDial({ socket, where, signal, timeoutMs, errorFrom, connected, failed }: Dialling): void {
  const settle = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    socket.removeListener("error", onError);
    socket.removeListener("connect", onConnect);
  };
  const fail = (error: TransportError) => {
    settle();
    socket.on("error", () => {});
    socket.destroy();
    failed(error);
  };
  const onAbort = () => fail(cancelledDial(where));
  const onError = (error: NodeJS.ErrnoException) => fail(errorFrom(error));
  const onConnect = () => {
    settle();
    connected();
  };
  const timer = setTimeout(
    () => fail(new TransportError("timeout", `${where} did not answer within ${timeoutMs} ms`)),
    timeoutMs,
  );
  socket.once("error", onError);
  socket.once("connect", onConnect);
  if (signal?.aborted) return onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
}

export function cancelledDial(where: string): TransportError {
  return new TransportError("cancelled", `dialling ${where} was cancelled`);
}
