import type { IncomingMessage } from "node:http";
import { type Duplex, pipeline } from "node:stream";
import { type AnswerWatch, watchAnswer } from "./answer-watch.js";
import { unmaskable } from "./body/treatment.js";
import { Buffered } from "./buffered.js";
import { outgoing, problemFrom, problemOf, screen, unfinished } from "./exchange.js";
import { answerHeaders, headerOf } from "./headers.js";
import { acceptedProblem, judgeRequest, look, patienceOf } from "./judge-request.js";
import type { HttpLane } from "./lane.js";
import { Presence } from "./presence.js";
import { type Problem, problemAnswer } from "./refusal.js";

/** A connection that becomes something else: a WebSocket, mostly. Judged like any request, then carried as bytes. */
export async function upgrade(lane: HttpLane, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const client = new Presence();
  socket.once("close", () => client.leave());
  socket.on("error", () => {});
  // Two pipelines listen on it, one a direction.
  socket.setMaxListeners(32);
  const refuse = (problem: Problem) => {
    const { status, headers, body } = problemAnswer(problem, request.headers.accept, lane.form);
    writeHead(socket, `HTTP/1.1 ${status} ${problem.code}`, [...Object.entries(headers).flat(), "Connection", "close"]);
    socket.end(body);
  };
  let asked: number | null = null;
  let watch: AnswerWatch | null = null;
  let problem: Problem | null = null;
  let status = 0;
  try {
    const screened = screen(lane, request, refuse, (headers) => {
      writeHead(socket, "HTTP/1.1 302 Found", [...Object.entries(headers).flat(), "Connection", "close"]);
      socket.end();
    });
    if (screened === null) return;
    const kind = (request.headers.upgrade ?? "").trim().toLowerCase().slice(0, 100);
    const admission = await lane.admitted(client);
    if (admission?.outcome === "deny") return refuse(problemFrom(lane, admission));
    const looked = await look(lane, request, screened, {
      hasBody: false,
      upgrade: kind,
      buffered: new Buffered(),
      client,
      onRead: () => {},
    });
    const judged = await judgeRequest(lane, looked, patienceOf(lane, request), client);
    if (judged.kind === "later") return refuse(acceptedProblem(judged.waiting));
    asked = judged.id;
    if (judged.answer.outcome !== "allow") return refuse(problemFrom(lane, judged.answer));
    const cannot = unmaskable(judged.answer.masks, "upgrade");
    if (cannot !== null) return refuse({ status: 403, code: "unmaskable", detail: cannot });
    const { url, headers } = outgoing(lane, request, screened, false);
    const upgraded = await lane.upstream.upgrade({
      method: request.method ?? "GET",
      url,
      headers: [
        ...headers,
        ...(await lane.identity()),
        "Connection",
        "Upgrade",
        "Upgrade",
        (request.headers.upgrade ?? "").trim(),
      ],
      body: null,
      expectsContinue: false,
      needsHttp2: false,
      trailers: () => [],
      client,
      onContinue: () => {},
    });
    const { answer } = upgraded;
    lane.reached(answer);
    status = answer.status;
    watch = watchAnswer(upgraded.socket ? { body: upgraded.socket, whole: always } : answer, client);
    const shown = answerHeaders(answer.headers, none, (_name, value) => lane.withoutSecret(value));
    if (upgraded.socket === null) {
      writeHead(socket, `HTTP/1.1 ${status} ${answer.statusText}`, [...shown, "Connection", "close"]);
      await carry(answer.body as unknown as Duplex, socket, watch);
    } else {
      writeHead(socket, `HTTP/1.1 101 ${answer.statusText || "Switching Protocols"}`, [
        ...shown,
        "Connection",
        "Upgrade",
        "Upgrade",
        headerOf(answer.headers, "upgrade") ?? kind,
      ]);
      if (upgraded.head.length > 0) socket.write(upgraded.head);
      if (head.length > 0) upgraded.socket.write(head);
      const up = carry(socket, upgraded.socket);
      await carry(upgraded.socket, socket, watch);
      await up;
    }
    watch.ensureWhole();
    lane.finished(asked, { outcome: "ok", bytes: watch.bytes, status });
    asked = null;
  } catch (error) {
    const broken = watch?.brokenOff ?? null;
    if (client.left && broken === null) return;
    lane.warn(broken ?? error);
    problem = problemOf(broken ?? error);
    if (status === 0) refuse(problem);
    else socket.destroy();
  } finally {
    if (asked !== null) lane.finished(asked, unfinished(problem, client, watch?.bytes ?? 0, status));
  }
}

const always = (): boolean => true;
const none: ReadonlySet<string> = new Set();

function carry(from: Duplex, to: Duplex, watch?: AnswerWatch): Promise<void> {
  if (watch !== undefined)
    from.on("data", (chunk: Buffer) => {
      watch.bytes += chunk.length;
    });
  return new Promise((resolve) => pipeline(from, to, () => resolve()));
}

/** Values come from parsed headers, which hold no line ends. */
function writeHead(socket: Duplex, line: string, headers: readonly string[]): void {
  let text = `${line}\r\n`;
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  socket.write(`${text}\r\n`, "latin1");
}
