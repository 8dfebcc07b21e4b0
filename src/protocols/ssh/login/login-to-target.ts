import { HoopError } from "../../../vocabulary/index.js";
import { MalformedError } from "../../../wire/index.js";
import { message, SshReader, write } from "../wire.js";
import type { Signer } from "./signer.js";

export interface TargetLogin {
  readonly user: string;
  /** Tried in this order, each once. */
  readonly signer: Signer | null;
  readonly password: string | null;
}

type Method = "none" | "publickey" | "password" | "keyboard-interactive";

/** Questions of one keyboard-interactive round; a password is one of them. */
const maxPrompts = 4;

/**
 * The gateway's own login at a target (RFC 4252, 4256): by key or certificate, by password, by keyboard-interactive where that is
 * how a server asks for the password. The agent that carries it sees ciphertext only.
 */
export class LoginToTarget {
  readonly #login: TargetLogin;
  readonly #send: (payload: Buffer) => void;
  readonly #sessionId: () => Buffer;
  #trying: Method = "none";
  #left: Method[];
  #offered = false;

  constructor(login: TargetLogin, send: (payload: Buffer) => void, sessionId: () => Buffer) {
    this.#login = login;
    this.#send = send;
    this.#sessionId = sessionId;
    this.#left = [
      ...(login.signer ? (["publickey"] as const) : []),
      ...(login.password !== null ? (["password", "keyboard-interactive"] as const) : []),
    ];
  }

  begin(): void {
    this.#send(write(message.serviceRequest).string("ssh-userauth").end());
  }

  /** True: logged in. Throws HoopError `unavailable` when the target takes nothing of what we have. */
  receive(payload: Buffer): boolean {
    const reader = new SshReader(payload);
    switch (reader.uint8()) {
      case message.serviceAccept:
        this.#request("none");
        return false;
      case message.userauthBanner:
        return false;
      case message.userauthSuccess:
        return true;
      case message.userauthFailure:
        this.#failed(reader.nameList());
        return false;
      case message.userauthInfoRequest:
        this.#asked(reader);
        return false;
      default:
        throw new MalformedError("a message before the login");
    }
  }

  #failed(can: readonly string[]): void {
    const next = this.#left.find((method) => can.includes(method));
    if (!next) {
      const tried = this.#offered
        ? "did not accept the stored credential"
        : `offers ${can.join(", ") || "no way"} to log in`;
      throw new HoopError("unavailable", `the target ${tried} for user ${this.#login.user}`, {
        hint: "an admin can set the connection's credential: hoop connections edit",
      });
    }
    this.#left = this.#left.filter((method) => method !== next);
    this.#trying = next;
    this.#offered = true;
    this.#request(next);
  }

  #request(method: Method): void {
    const { user, signer, password } = this.#login;
    const head = () => write(message.userauthRequest).string(user).string("ssh-connection").string(method);
    switch (method) {
      case "none":
        this.#send(head().end());
        return;
      case "password":
        this.#send(head().boolean(false).string(password!).end());
        return;
      case "keyboard-interactive":
        this.#send(head().string("").string("").end());
        return;
      case "publickey": {
        const request = head().boolean(true).string(signer!.algorithm).string(signer!.publicKey).end();
        const signed = Buffer.concat([lengthed(this.#sessionId()), request]);
        this.#send(Buffer.concat([request, lengthed(signer!.sign(signed))]));
        return;
      }
    }
  }

  #asked(reader: SshReader): void {
    if (this.#trying !== "keyboard-interactive")
      throw new MalformedError("a question that does not belong to the login");
    reader.text();
    reader.text();
    reader.text();
    const count = reader.uint32();
    if (count > maxPrompts) throw new MalformedError("too many questions");
    const answers = write(message.userauthInfoResponse).uint32(count);
    for (let n = 0; n < count; n++) {
      reader.text();
      // What is not shown as it is typed is the password; what is shown is something we do not know.
      answers.string(reader.boolean() ? "" : this.#login.password!);
    }
    this.#send(answers.end());
  }
}

function lengthed(bytes: Buffer): Buffer {
  const head = Buffer.allocUnsafe(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}
