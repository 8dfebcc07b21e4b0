/**
 * Message type bytes of the frontend/backend protocol, version 3.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
const code = (letter: string): number => letter.charCodeAt(0);

/** What a client sends. */
export const frontend = {
  bind: code("B"),
  close: code("C"),
  copyData: code("d"),
  copyDone: code("c"),
  copyFail: code("f"),
  describe: code("D"),
  execute: code("E"),
  flush: code("H"),
  functionCall: code("F"),
  parse: code("P"),
  password: code("p"),
  query: code("Q"),
  sync: code("S"),
  terminate: code("X"),
} as const;

/** What a server sends. */
export const backend = {
  authentication: code("R"),
  backendKeyData: code("K"),
  bindComplete: code("2"),
  closeComplete: code("3"),
  commandComplete: code("C"),
  copyBothResponse: code("W"),
  copyData: code("d"),
  copyDone: code("c"),
  copyInResponse: code("G"),
  copyOutResponse: code("H"),
  dataRow: code("D"),
  emptyQueryResponse: code("I"),
  errorResponse: code("E"),
  functionCallResponse: code("V"),
  negotiateProtocolVersion: code("v"),
  noData: code("n"),
  noticeResponse: code("N"),
  notificationResponse: code("A"),
  parameterDescription: code("t"),
  parameterStatus: code("S"),
  parseComplete: code("1"),
  portalSuspended: code("s"),
  readyForQuery: code("Z"),
  rowDescription: code("T"),
} as const;

/** Transaction status bytes of ReadyForQuery. */
export const transactionStatus = { idle: code("I"), open: code("T"), failed: code("E") } as const;

/** Codes in place of a protocol version in an untyped first packet. */
export const requestCodes = { cancel: 80877102, ssl: 80877103, gssenc: 80877104 } as const;

/** A type byte as people write it, for errors. */
export function typeName(type: number): string {
  return type > 0x20 && type < 0x7f ? `'${String.fromCharCode(type)}'` : `0x${type.toString(16).padStart(2, "0")}`;
}
