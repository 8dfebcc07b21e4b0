import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { NativeCredential, ScramVerifier } from "../../../secrets/native/index.js";
import { encodeFatal, encodeSasl, encodeSaslStep, readSaslInitial, takePasswordMessage } from "./messages.js";
import { ScramServer } from "./scram-server.js";

export interface FoundLogin {
  readonly verifier: ScramVerifier;
  /** Null: nobody has that name, or it is not good from there; the exchange goes on and fails as any other. */
  readonly credential: NativeCredential | null;
}

/**
 * SCRAM with the client. Null: it does not know the password, and was told so; the same words, the same steps and the same
 * work whether the user exists or not.
 */
export async function logIn(
  stream: Duplex,
  user: string,
  { verifier, credential }: FoundLogin,
  binding: Buffer | null,
  signal: AbortSignal,
): Promise<NativeCredential | null> {
  stream.write(encodeSasl(ScramServer.mechanisms(binding)));
  const scram = new ScramServer(verifier, randomBytes(18).toString("base64"), binding);
  const { mechanism, data } = readSaslInitial(await takePasswordMessage(stream, signal));
  stream.write(encodeSaslStep("continue", scram.first(mechanism, data)));
  const proof = scram.final((await takePasswordMessage(stream, signal)).toString("utf8"));
  if (proof === null || credential === null) {
    const shown = user.replace(/[^\x20-\x7e]/g, "?").slice(0, 63);
    stream.end(
      encodeFatal("28P01", `password authentication failed for user "${shown}"`, "hoop credentials issue CONNECTION"),
    );
    return null;
  }
  stream.write(encodeSaslStep("final", proof));
  return credential;
}
