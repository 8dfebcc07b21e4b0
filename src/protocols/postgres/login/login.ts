import { HoopError } from "../../../vocabulary/index.js";
import type { AuthenticationRequest } from "../codec/backend.js";
import { encodePassword, encodeSaslInitial, encodeSaslResponse } from "../codec/frontend.js";
import { serverEndPoint } from "./channel-binding.js";
import { md5Password } from "./md5.js";
import { type ChannelBinding, Scram } from "./scram.js";

/** What the login knows of the way to the target. */
export interface LoginWay {
  readonly user: string;
  readonly secret: string | null;
  /** Somebody on the way must not see the secret, and TLS does not keep it from them. */
  readonly overheard: boolean;
  /** DER of the target's certificate when the way is TLS. */
  readonly certificate: Buffer | null;
  readonly random: (n: number) => Buffer;
}

export type LoginStep =
  | { readonly kind: "send"; readonly bytes: Buffer }
  | { readonly kind: "derive"; readonly secret: string; readonly salt: Buffer; readonly iterations: number }
  | { readonly kind: "wait" }
  | { readonly kind: "done" };

/** The gateway's login at the target: one authentication request in, one step out. Throws HoopError when it must not go on. */
export class Login {
  readonly #way: LoginWay;
  #scram: Scram | null = null;
  #state: "start" | "answered" | "sasl-first" | "deriving" | "sasl-last" | "proven" | "done" = "start";

  constructor(way: LoginWay) {
    this.#way = way;
  }

  next(request: AuthenticationRequest): LoginStep {
    switch (request.kind) {
      case "ok":
        // A server that began SCRAM and skips its own proof may be anybody.
        if (this.#state !== "start" && this.#state !== "answered" && this.#state !== "proven") throw outOfOrder();
        this.#state = "done";
        return { kind: "done" };
      case "cleartext":
        return this.#answer(this.#exposed("in clear text"));
      case "md5":
        return this.#answer(md5Password(this.#way.user, this.#exposed("as an md5 hash"), request.salt));
      case "sasl":
        return this.#begin(request.mechanisms);
      case "sasl-continue": {
        if (this.#state !== "sasl-first") throw outOfOrder();
        this.#state = "deriving";
        return { kind: "derive", secret: this.#scram!.secret, ...this.#scram!.serverFirst(request.data) };
      }
      case "sasl-final":
        if (this.#state !== "sasl-last") throw outOfOrder();
        this.#scram!.serverFinal(request.data);
        this.#state = "proven";
        return { kind: "wait" };
      case "other":
        throw new HoopError(
          "unsupported",
          `the target asks for a login by ${request.name}, which this gateway does not speak`,
          {
            hint: "let the target ask for scram-sha-256 from the gateway's or agent's address (pg_hba.conf)",
          },
        );
    }
  }

  /** The stretched key for the last `derive`. */
  derived(key: Buffer): LoginStep {
    if (this.#state !== "deriving") throw outOfOrder();
    this.#state = "sasl-last";
    return { kind: "send", bytes: encodeSaslResponse(this.#scram!.clientFinal(key)) };
  }

  #answer(text: string): LoginStep {
    if (this.#state !== "start") throw outOfOrder();
    this.#state = "answered";
    return { kind: "send", bytes: encodePassword(text) };
  }

  #secret(): string {
    if (this.#way.secret === null || this.#way.secret === "") {
      throw new HoopError("precondition-failed", "the target asks for a password and the connection has none stored", {
        hint: "an administrator can store one with: hoop connections edit",
      });
    }
    if (this.#way.secret.includes("\0"))
      throw new HoopError("invalid", "the stored password cannot be sent to a PostgreSQL target");
    return this.#way.secret;
  }

  #exposed(how: string): string {
    const secret = this.#secret();
    if (this.#way.overheard) {
      throw new HoopError("denied", `the target asks for the password ${how}, which would show it to the agent`, {
        hint: "use scram-sha-256 at the target, or tls mode verify-full, or set exposesCredentialToAgent on the connection",
      });
    }
    return secret;
  }

  #begin(mechanisms: readonly string[]): LoginStep {
    if (this.#state !== "start") throw outOfOrder();
    const { certificate } = this.#way;
    const data = certificate === null ? null : serverEndPoint(certificate);
    let binding: ChannelBinding = { kind: "none" };
    if (data !== null && mechanisms.includes("SCRAM-SHA-256-PLUS")) binding = { kind: "tls-server-end-point", data };
    else if (!mechanisms.includes("SCRAM-SHA-256")) {
      throw new HoopError(
        "unsupported",
        `the target offers only logins that this gateway does not speak: ${listed(mechanisms)}`,
      );
    } else if (data !== null) binding = { kind: "not-offered" };
    const scram = new Scram(this.#secret(), this.#way.random(18).toString("base64"), binding);
    this.#scram = scram;
    this.#state = "sasl-first";
    return { kind: "send", bytes: encodeSaslInitial(scram.mechanism, scram.clientFirst()) };
  }
}

function listed(mechanisms: readonly string[]): string {
  const known = mechanisms.map((mechanism) => mechanism.replace(/[^A-Za-z0-9-]/g, "").slice(0, 32));
  return known.join(", ") || "none";
}

function outOfOrder(): HoopError {
  return new HoopError("malformed", "the target's login does not follow the protocol");
}
