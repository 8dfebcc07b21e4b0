import { MalformedError } from "../../../wire/index.js";
import { message, SshReader, write } from "../wire.js";

/** What a client may try before it is somebody: OpenSSH asks for `none` first. */
const maxTries = 20;

export interface ClientLogin {
  /** The login name that was asked for. */
  readonly user: string;
}

/**
 * The client's side of authentication (RFC 4252). The lane has said who it is: `none` is enough, and whatever else a client offers
 * is taken without a look, so that no key and no password is ever asked for. Null: more is to come.
 */
export class AcceptClient {
  #tries = 0;
  readonly #send: (payload: Buffer) => void;

  constructor(send: (payload: Buffer) => void) {
    this.#send = send;
  }

  receive(payload: Buffer): ClientLogin | null {
    const reader = new SshReader(payload);
    switch (reader.uint8()) {
      case message.serviceRequest: {
        const service = reader.text();
        if (service !== "ssh-userauth")
          throw new MalformedError(`there is no service ${JSON.stringify(service.slice(0, 50))}`);
        this.#send(write(message.serviceAccept).string(service).end());
        return null;
      }
      case message.userauthRequest: {
        const user = reader.text();
        if (++this.#tries > maxTries) throw new MalformedError("too many tries to log in");
        if (reader.text() !== "ssh-connection")
          throw new MalformedError("a login for something other than a connection");
        return { user: user.slice(0, 255) };
      }
      default:
        throw new MalformedError("a message before the login");
    }
  }

  accept(): void {
    this.#send(write(message.userauthSuccess).end());
  }

  /** Shown before the login ends, by every client. */
  banner(text: string): void {
    this.#send(write(message.userauthBanner).string(text.replaceAll(/\r?\n/g, "\r\n")).string("").end());
  }
}
