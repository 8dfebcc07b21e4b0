import { MessageDecoder } from "../../src/transport/grpc/message-decoder.js";
import { GrpcError } from "../../src/transport/grpc/status.js";
import { Finding, type FuzzTarget, kindOf } from "../target.js";

/** Control messages: put together or refused the same, however they are cut. */
export const grpcMessages: FuzzTarget = {
  name: "grpc-messages",
  seeds: () => [
    Buffer.from("\0\0\0\0\x05hello\0\0\0\0\0\0\0\0\0\x02\x0a\x00", "latin1"),
    Buffer.from("\0\0\x10\0\0", "latin1"),
  ],
  run(input, random) {
    const whole = decode([input]);
    const at = random(input.length + 1);
    const cut = decode([input.subarray(0, at), input.subarray(at)]);
    if (whole.words !== cut.words || whole.messages.length !== cut.messages.length)
      throw new Finding("differs when cut");
    for (const [index, message] of whole.messages.entries()) {
      if (!message.equals(cut.messages[index]!)) throw new Finding(`message ${index} differs when cut`);
    }
    return `${whole.messages.length} ${whole.words}`;
  },
};

function decode(chunks: readonly Buffer[]): { messages: Buffer[]; words: string } {
  const messages: Buffer[] = [];
  const decoder = new MessageDecoder((bytes) => messages.push(Buffer.from(bytes)));
  let words = "";
  try {
    for (const chunk of chunks) decoder.push(Buffer.from(chunk));
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    words = kindOf(error);
  }
  return { messages, words };
}
