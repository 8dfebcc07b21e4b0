import { z } from "zod";
import { count, eventType, reason, text } from "./define.js";

const where = { protocol: text, from: text.describe("Where the client came from.") };

export const sessionOpened = eventType({
  type: "session.opened",
  summary: "A subject was let through to a connection.",
  data: z.object(where),
  sample: { protocol: "postgres", from: "127.0.0.1:50412" },
});

export const sessionRefused = eventType({
  type: "session.refused",
  summary: "A subject asked for a connection and was refused.",
  data: z.object({ ...where, reasons: z.array(reason).max(10) }),
  sample: {
    protocol: "postgres",
    from: "127.0.0.1:50412",
    reasons: [{ rule: null, code: "no-access", text: "no access rule allows this" }],
  },
});

const closed = {
  code: text.describe("`client-closed`, `killed`, `revoked`, `timeout`, …"),
  text,
  statements: count,
  bytesIn: count,
  bytesOut: count,
  durationMs: count,
};
const closedSample = { statements: 12, bytesIn: 2_048, bytesOut: 91_022, durationMs: 64_000 };

export const sessionClosed = eventType({
  type: "session.closed",
  summary: "A session ended, for whatever reason.",
  data: z.object(closed),
  sample: { code: "client-closed", text: "the client closed the connection", ...closedSample },
});

export const sessionKilled = eventType({
  type: "session.killed",
  summary: "A session was ended by a person, a rule or because rights went away; `session.closed` is written as well.",
  data: z.object(closed),
  sample: { code: "killed", text: "grace ended this session: maintenance", ...closedSample },
});
