import { echoOptions } from "../../src/protocol/compliance/echo-dialect.js";
import { createEchoSession } from "../../src/protocol/compliance/echo-session.js";
import { sessionTarget } from "./session.js";

/** The toy protocol: shows that the session fuzzer itself works. */
export const echoSession = sessionTarget(
  "echo-session",
  (init) => createEchoSession(init),
  echoOptions,
  echoOptions.transcripts,
  (bytes) =>
    bytes
      .toString("latin1")
      .split(/(?<=\n)/)
      .map((line) => Buffer.from(line, "latin1")),
);
