import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { noResult, runbookLimits, type Sending, type StepResult } from "../../runbooks/index.js";
import { type Connection, HoopError } from "../../vocabulary/index.js";
import { suffix } from "../config.js";
import { BoundedText } from "./bounded-text.js";
import type { RunLane } from "./lane.js";

/** An answer may be longer than is kept; one that is this long is cut off. */
const maxAnswer = 64 * 1024 * 1024;

/** One request of one session. Redirects are answers, not followed. */
export async function sendHttp(
  lane: RunLane,
  connection: Connection,
  { request }: Extract<Sending, { kind: "http" }>,
  signal: AbortSignal,
): Promise<StepResult> {
  const agent = new Agent({ keepAlive: false });
  agent.createConnection = () => lane.stream as never;
  const stop = () => lane.stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = httpRequest({
        agent,
        method: request.method,
        path: request.path,
        setHost: false,
        maxHeaderSize: 64 * 1024,
        headers: {
          host: `${connection.name}.${suffix}`,
          "user-agent": "hoop-runbook",
          accept: "*/*",
          "accept-encoding": "identity",
          ...request.headers,
          ...(request.body === null ? {} : { "content-length": String(Buffer.byteLength(request.body)) }),
        },
      });
      sent.once("response", resolve);
      sent.once("error", (cause) =>
        reject(lane.refusal() ?? new HoopError("unavailable", "the connection was lost", { cause })),
      );
      sent.end(request.body ?? undefined);
    });
    return await read(answer);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    agent.destroy();
    lane.stream.destroy();
  }
}

async function read(answer: IncomingMessage): Promise<StepResult> {
  const body = new BoundedText(runbookLimits.output);
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      body.add(chunk);
      if (body.total > maxAnswer)
        throw new HoopError("too-large", `the answer is longer than ${maxAnswer / 1024 / 1024} MB`);
    }
  } catch (error) {
    if (error instanceof HoopError) throw error;
    throw new HoopError("unavailable", "the connection was lost during the answer", { cause: error });
  }
  const text = body.toString();
  const problem = own(answer, text);
  if (problem) throw problem;
  return { ...noResult, status: answer.statusCode ?? 0, body: text, cut: body.cut };
}

/** What Hoop itself answered in the target's place. */
function own({ headers, statusCode = 0 }: IncomingMessage, text: string): HoopError | null {
  if (headers["content-type"] !== "application/problem+json" || !text.includes('"urn:hoop:')) return null;
  try {
    const { type, detail, hint } = JSON.parse(text) as { type?: string; detail?: string; hint?: string };
    if (!String(type).startsWith("urn:hoop:")) return null;
    const code = statusCode === 403 ? "denied" : statusCode === 202 ? "precondition-failed" : "unavailable";
    return new HoopError(code, String(detail).slice(0, 1_000), { hint: hint?.slice(0, 500) });
  } catch {
    return null;
  }
}
