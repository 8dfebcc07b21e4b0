/** The peer broke HTTP/2, or a limit of ours: the connection ends with this code. `message` is for the log and for GOAWAY. */
export class Http2Error extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = "Http2Error";
    this.code = code;
  }
}
