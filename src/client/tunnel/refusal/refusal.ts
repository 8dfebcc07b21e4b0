/**
 * How a protocol says no before any server spoke: bytes of the client in, bytes for the client out. Made for one
 * connection, with the text to say.
 */
export interface Refusal {
  /** Called with what the client sent, in pieces of any size. `over`: all is said, the connection ends. */
  receive(chunk: Buffer): { readonly send: Buffer | null; readonly over: boolean };
}

export type RefusalFactory = (text: string) => Refusal;
