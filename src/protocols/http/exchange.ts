import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type ServerHttp2Stream } from "node:http2";
import type { Answer, Ask } from "../../protocol/index.js";
import { type Analysis, HoopError, type MaskPlan } from "../../vocabulary/index.js";
import { type AnswerWatch, watchAnswer } from "./answer-watch.js";
import { readableCodings } from "./body/coding.js";
import { unmaskable } from "./body/treatment.js";
import { judgeBrowser, laneCookie, withoutLaneCookie } from "./browser.js";
import { Buffered } from "./buffered.js";
import { namedByConnection, requestHeaders } from "./headers.js";
import { acceptedProblem, judgeRequest, type Looked, look, patienceOf } from "./judge-request.js";
import { impersonation, isImpersonation } from "./kubernetes.js";
import type { Finish, HttpLane } from "./lane.js";
import { mapOwnUrl, type OwnName } from "./names.js";
import { Presence } from "./presence.js";
import { type Problem, type ProblemForm, problemAnswer } from "./refusal.js";
import { relayAnswer } from "./relay-answer.js";
import { ambiguousPath } from "./statement.js";
import type { UpstreamAnswer, UpstreamRequest } from "./upstream.js";

/** Of HTTP/1.1; Node gives those of HTTP/2 the same shape, and `httpVersionMajor` tells them apart. */
export type Request = IncomingMessage;
export type Response = ServerResponse;

/** A request that may be judged: it is whose it says, and means one thing. */
export interface Screened {
  readonly own: OwnName;
  readonly path: string;
  /** With the `?`, or empty. */
  readonly query: string;
}

/** Looks at what needs no rules: the name, the browser, the path. Null: it was answered. */
export function screen(
  lane: HttpLane,
  request: Request,
  answer: (problem: Problem) => void,
  greet: (headers: Record<string, string>) => void,
): Screened | null {
  const { headers, method = "GET", url = "/" } = request;
  const authority = headers[":authority"];
  const host = headers.host ?? authority;
  const named = typeof host === "string" ? host : undefined;
  if (method === "CONNECT") {
    answer({
      status: 405,
      code: "no-proxy",
      detail: "this is a site and no proxy",
      headers: { allow: "GET, HEAD, POST" },
    });
    return null;
  }
  const two = authority !== undefined && headers.host !== undefined && authority !== headers.host;
  if (two || !lane.isOwn(named) || countOf(request.rawHeaders, "host") > 1) {
    answer({
      status: 421,
      code: "wrong-host",
      detail: `this lane leads to ${lane.name} only, not to ${JSON.stringify((named ?? "").slice(0, 253))}`,
      hint: `ask for http://${lane.name}/`,
    });
    return null;
  }
  const own = { proto: lane.proto, host: named! };
  const at = url.indexOf("?");
  const path = at < 0 ? url : url.slice(0, at);
  const ambiguous = ambiguousPath(path, lane.target.encodedSlashes);
  if (ambiguous !== null && !(method === "OPTIONS" && url === "*")) {
    answer({
      status: 400,
      code: "ambiguous-path",
      detail: `${ambiguous}: the target may read it otherwise than the rules`,
      ...(/%(2f|25)/i.test(path) ? { hint: "an admin can set target.encodedSlashes for this connection" } : {}),
    });
    return null;
  }
  const browser = judgeBrowser({ method, url, headers, ...own }, lane.cookie);
  if (browser.kind === "refuse") {
    answer({ status: 403, code: "cross-site", detail: browser.text });
    return null;
  }
  if (browser.kind === "greet") {
    greet({
      location: browser.location,
      "set-cookie": `${laneCookie}=${lane.cookie}; Path=/; HttpOnly; SameSite=Lax${own.proto === "https" ? "; Secure" : ""}`,
      "cache-control": "no-store",
      vary: "Cookie",
      "content-length": "0",
    });
    return null;
  }
  return { own, path, query: at < 0 ? "" : url.slice(at) };
}

/** The request as the target gets it, once it is allowed. */
export function outgoing(
  lane: HttpLane,
  request: Request,
  { own }: Screened,
  masked: boolean,
): { url: string; headers: string[] } {
  const { injection, target } = lane;
  const drop = new Set([...injection.drop, "cookie", "origin", "referer"]);
  // Only whole bodies in a coding that is known can be looked at.
  const reads = masked || lane.secrets.length > 0;
  if (reads) drop.add("accept-encoding");
  if (masked)
    for (const name of ["range", "if-range", "want-digest", "want-content-digest", "want-repr-digest"]) drop.add(name);
  if (target.kubernetes) {
    drop.add("authorization");
    for (const name of Object.keys(request.headers)) if (isImpersonation(name)) drop.add(name);
  }
  const headers = requestHeaders(request.rawHeaders, namedByConnection(request.headers as never), drop, {
    ...own,
    who: lane.host.init.subject.name,
  });
  const { cookie, origin, referer } = request.headers;
  const kept = cookie === undefined ? undefined : withoutLaneCookie(cookie);
  if (kept !== undefined) headers.push("Cookie", kept);
  if (typeof origin === "string") headers.push("Origin", mapOwnUrl(origin, target, own));
  if (typeof referer === "string") headers.push("Referer", mapOwnUrl(referer, target, own));
  if (reads) headers.push("Accept-Encoding", request.headers["accept-encoding"] ? readableCodings : "identity");
  headers.push(...injection.headers);
  if (target.kubernetes) headers.push(...impersonation(lane.host.init.subject, target.kubernetes.prefix));
  if (request.headers.te === "trailers") headers.push("TE", "trailers");
  return { url: injection.url(request.url ?? "/"), headers };
}

/** One request from its head to the end of its answer. Never throws: what fails is answered, or cuts this exchange only. */
export async function exchange(
  lane: HttpLane,
  request: Request,
  response: Response,
  expectsContinue: boolean,
): Promise<void> {
  const client = new Presence();
  let answer: UpstreamAnswer | null = null;
  const closed = () => {
    // It got its answer, and the target all of the request: nothing is left to be called off.
    if (!response.writableFinished || answer?.asked() !== true) client.leave();
  };
  response.once("close", closed);
  const refuse = (problem: Problem) => answerProblem(request, response, problem, lane.form);
  const method = request.method ?? "GET";
  let asked: number | null = null;
  let status = 0;
  let watch: AnswerWatch | null = null;
  let problem: Problem | null = null;
  const buffered = new Buffered();
  try {
    const screened = screen(lane, request, refuse, (headers) => {
      response.writeHead(302, headers);
      response.end();
    });
    if (screened === null) return;
    const admission = await lane.admitted(client);
    if (admission?.outcome === "deny") return refuse(problemFrom(lane, admission));
    const hasBody = bodyFollows(request);
    let continued = false;
    const looked = await look(lane, request, screened, {
      hasBody,
      upgrade: null,
      buffered,
      client,
      onRead: () => {
        continued = expectsContinue;
        if (continued && !response.destroyed) response.writeContinue();
      },
    });
    const judged = await judgeRequest(lane, looked, patienceOf(lane, request), client);
    if (judged.kind === "later") return refuse(acceptedProblem(judged.waiting));
    asked = judged.id;
    if (judged.answer.outcome !== "allow") return refuse(problemFrom(lane, judged.answer));
    const { masks } = judged.answer;
    const grpc = (request.headers["content-type"] ?? "").startsWith("application/grpc");
    const cannot = grpc ? unmaskable(masks, "grpc") : unmaskableGraphql(masks, looked);
    if (cannot !== null) return refuse({ status: 403, code: "unmaskable", detail: cannot });
    const { url, headers } = outgoing(lane, request, screened, masks !== null);
    const sent: UpstreamRequest = {
      method,
      url,
      headers: [...headers, ...(await lane.identity())],
      body: looked.body?.stream() ?? (hasBody ? request : null),
      expectsContinue: expectsContinue && !continued,
      needsHttp2: grpc,
      trailers: () => request.rawTrailers,
      client,
      onContinue: () => {
        if (!response.destroyed && !client.left) response.writeContinue();
      },
    };
    answer = await lane.upstream.send(sent);
    lane.reached(answer);
    status = answer.status;
    watch = watchAnswer(answer, client);
    const relayed = await relayAnswer(lane, answer, watch, request, response, screened.own, masks);
    lane.finished(asked, { outcome: status >= 500 ? "error" : "ok", status, ...relayed });
    asked = null;
  } catch (error) {
    const broken = watch?.brokenOff ?? null;
    if (client.left && broken === null) return;
    lane.warn(broken ?? error);
    problem = problemOf(broken ?? error);
    refuse(problem);
  } finally {
    response.removeListener("close", closed);
    buffered.release();
    if (asked !== null) lane.finished(asked, unfinished(problem, client, watch?.bytes ?? 0, status));
  }
}

/** How an exchange ended that did not come to its end. */
export function unfinished(problem: Problem | null, client: Presence, bytes: number, status: number): Finish {
  if (problem === null) return { outcome: client.left ? "cancelled" : "error", bytes, status };
  return { outcome: "error", bytes, status, error: { code: problem.code, text: problem.detail } };
}

/** Other names in the answer would carry values past the masks of their own. */
function unmaskableGraphql(masks: MaskPlan | null, { graphql }: Looked): string | null {
  if (!masks?.fields?.length || graphql === undefined || (graphql !== null && !graphql.aliases)) return null;
  return "fields are masked by name for you here, so a GraphQL request must be readable and without aliases";
}

function countOf(raw: readonly string[], lowerName: string): number {
  let count = 0;
  for (let at = 0; at < raw.length; at += 2) if (raw[at]!.toLowerCase() === lowerName) count++;
  return count;
}

/** `traceparent` is 55 characters in version 0, and later ones may add to it. Two of it are joined by a comma, and then it is none. */
const longestTrace = 200;

export function askFor(request: Request, analysis: Analysis): Ask {
  const { traceparent } = request.headers;
  return {
    ...(typeof traceparent === "string" && traceparent.length <= longestTrace ? { trace: traceparent } : {}),
    phase: "statement",
    text: `${request.method ?? "GET"} ${request.url ?? "/"}`,
    context: noContext,
    values: null,
    bytes: 0,
    analysis,
  };
}

const noContext: Ask["context"] = {
  database: "",
  role: "",
  searchPath: null,
  settings: {},
  transaction: "idle",
  prepared: null,
};

export function problemFrom(lane: HttpLane, answer: Extract<Answer, { outcome: "deny" }>): Problem {
  return {
    status: 403,
    code: answer.reasons[0]?.code ?? "denied",
    detail: answer.reasons.map((reason) => reason.text).join("; ") || "no rule allows this request",
    // For oneself and a connection everybody may ask; without its name it would be a question about all rules.
    hint: `hoop policy explain --connection ${lane.host.init.connection.name} says what you may do here`,
  };
}

/** What went wrong on the way to the target, in words for the person. */
export function problemOf(error: unknown): Problem {
  if (error instanceof HoopError) {
    const status = { timeout: 504, denied: 403, limited: 503 }[error.code as string] ?? 502;
    return { status, code: error.code, detail: error.message, hint: error.hint };
  }
  const { code, message } = error as { code?: string; message?: string };
  const known =
    code === "unavailable" || code === "denied" || code === "timeout" || code === "limited" || code === "malformed";
  return known && message
    ? { status: code === "timeout" ? 504 : 502, code, detail: message }
    : { status: 502, code: "unavailable", detail: "the target could not be asked" };
}

export function answerProblem(request: Request, response: Response, problem: Problem, form: ProblemForm): void {
  if (response.headersSent) return cut(response);
  const { status, headers, body } = problemAnswer(problem, request.headers.accept, form);
  // What the client still sends of a refused request is read and dropped, so that it gets to read the answer.
  request.resume();
  try {
    response.writeHead(status, headers);
    response.end(request.method === "HEAD" ? "" : body);
  } catch {
    // An HTTP/2 stream that was reset this moment.
    cut(response);
  }
}

/** Ends an answer in the middle, so that the client cannot take it for whole; in HTTP/2 that ends its stream only. */
export function cut(response: Response): void {
  const { stream } = response as unknown as { stream?: ServerHttp2Stream };
  if (stream && typeof stream.close === "function") stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

function bodyFollows(request: Request): boolean {
  if (request.httpVersionMajor === 2) return !(request as unknown as Http2ServerRequest).stream.endAfterHeaders;
  const { headers } = request;
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

export function mediaType(value: string | undefined): string | null {
  return value === undefined ? null : value.split(";", 1)[0]!.trim().toLowerCase().slice(0, 100);
}

export function headerNames(raw: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (let at = 0; at < raw.length; at += 2) if (!raw[at]!.startsWith(":")) names.add(raw[at]!.toLowerCase());
  return [...names];
}
