import { once } from "node:events";
import { HoopError, type MaskPlan } from "../../vocabulary/index.js";
import type { AnswerWatch } from "./answer-watch.js";
import { decoded } from "./body/coding.js";
import { type Treatment, treatmentOf } from "./body/treatment.js";
import { cut, type Request, type Response } from "./exchange.js";
import { answerHeaders, asObject, headerOf, namedByConnection, type RawHeaders, trailersFrom } from "./headers.js";
import type { HttpLane } from "./lane.js";
import { mapLocation, mapSetCookie, type OwnName } from "./names.js";
import type { UpstreamAnswer } from "./upstream.js";

export interface Relayed {
  /** Of the body, as the target sent it. */
  readonly bytes: number;
  readonly maskedCells: number;
  readonly detected?: Readonly<Record<string, number>> | undefined;
}

/** A masked answer that ends within this much is sent with its length, and refused in words where it cannot be read. */
const heldBytes = 64 * 1024;
/** One that comes slowly is not held back for longer. */
const heldMs = 250;

/** What says something of a body that is no longer the target's. */
const ofTheBody = new Set([
  "content-length",
  "content-encoding",
  "etag",
  "accept-ranges",
  "content-md5",
  "digest",
  "content-digest",
  "repr-digest",
  "signature",
  "signature-input",
]);

/** Sends the target's answer on, with its own name replaced by the connection's and its body masked. */
export async function relayAnswer(
  lane: HttpLane,
  answer: UpstreamAnswer,
  watch: AnswerWatch,
  request: Request,
  response: Response,
  own: OwnName,
  plan: MaskPlan | null,
): Promise<Relayed> {
  const bodyless = request.method === "HEAD" || answer.status === 204 || answer.status === 304;
  const treatment: Treatment = bodyless
    ? { kind: "pass" }
    : treatmentOf({
        plan,
        key: lane.maskKey,
        path: (request.url ?? "/").split("?", 1)[0]!,
        status: answer.status,
        contentType: headerOf(answer.headers, "content-type"),
        contentEncoding: headerOf(answer.headers, "content-encoding"),
        contentRange: headerOf(answer.headers, "content-range"),
        secrets: lane.secrets,
      });
  if (treatment.kind === "refuse") {
    answer.body.destroy();
    // An answer without a body has nothing to hide.
    if (headerOf(answer.headers, "content-length") !== "0") throw cannotShow(treatment.text);
  }
  const changes = plan !== null || (treatment.kind === "change" && !treatment.keepsLength);
  const headers = shownHeaders(lane, answer, own, changes ? ofTheBody : nothing);
  const head = (more: readonly string[] = []) => {
    const all = [...headers, ...more];
    if (request.httpVersionMajor === 2) response.writeHead(answer.status, asObject(all));
    else response.writeHead(answer.status, answer.statusText || undefined, all as never);
  };
  if (treatment.kind === "change") return change(lane, answer, watch, response, treatment, head);
  head();
  if (bodyless || treatment.kind === "refuse") {
    answer.body.resume();
    response.end();
    return { bytes: 0, maskedCells: 0 };
  }
  await pass(lane, answer, watch, response);
  return { bytes: watch.bytes, maskedCells: 0 };
}

/** Sends a body on as it comes; resolves when the client has taken all of it. */
function pass(lane: HttpLane, answer: UpstreamAnswer, watch: AnswerWatch, response: Response): Promise<void> {
  const { body } = answer;
  return new Promise((resolve, reject) => {
    let ended = false;
    let over = false;
    const fail = (error: Error) => {
      if (over) return;
      over = true;
      body.destroy();
      cut(response);
      reject(error);
    };
    const end = (last?: Buffer) => {
      try {
        watch.ensureWhole();
      } catch (error) {
        return fail(error as Error);
      }
      ended = true;
      addTrailers(lane, response, answer.trailers());
      response.end(last);
    };
    // HTTP/2 says so of an answer that was cut off, too.
    response.once("finish", () => {
      if (!ended) return;
      over = true;
      resolve();
    });
    response.once("close", () => {
      if (!over) fail(new HoopError("cancelled", "the client went away"));
    });
    body.on("error", fail);
    body.once("close", () => {
      if (!ended) fail(watch.brokenOff ?? new HoopError("unavailable", "the target broke off its answer"));
    });
    const all = answer.atOnce();
    if (all !== null) {
      watch.bytes = all.length;
      return end(all);
    }
    body.on("data", (chunk: Buffer) => {
      watch.bytes += chunk.length;
      if (!response.write(chunk)) body.pause();
    });
    response.on("drain", () => body.resume());
    body.once("end", () => end());
  });
}

/** Reads, changes and sends. Nothing is sent before it was looked at. */
async function change(
  lane: HttpLane,
  answer: UpstreamAnswer,
  came: AnswerWatch,
  response: Response,
  { codings, masker: known, sniff, live, keepsLength }: Extract<Treatment, { kind: "change" }>,
  head: (more?: readonly string[]) => void,
): Promise<Relayed> {
  const source = decoded(answer.body, codings, came);
  let masker = known;
  const look = (chunk: Buffer): Buffer => {
    if (masker === null) {
      const found = sniff(chunk);
      if (typeof found === "string")
        throw cannotShow(`values are masked for you here, and this answer cannot be: ${found}`);
      masker = found;
    }
    return masker.push(chunk);
  };
  const stop = () => void answer.body.destroy();
  response.once("close", stop);
  try {
    const held: Buffer[] = [];
    let size = 0;
    let next = source.next();
    let ended = false;
    if (!live) {
      const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), heldMs).unref());
      while (size < heldBytes) {
        const got = await Promise.race([next, late]);
        if (got === null) break;
        if (got.done) {
          ended = true;
          came.ensureWhole();
          if (masker) held.push(masker.end());
          break;
        }
        const shown = look(got.value);
        held.push(shown);
        size += shown.length;
        next = source.next();
      }
    }
    const first = Buffer.concat(held);
    head(ended && !keepsLength ? ["Content-Length", String(first.length)] : []);
    if (first.length > 0) await write(response, first);
    while (!ended) {
      const got = await next;
      ended = got.done === true;
      if (ended) came.ensureWhole();
      const shown = got.done ? (masker?.end() ?? nothingMore) : look(got.value);
      if (shown.length > 0) await write(response, shown);
      if (!ended) next = source.next();
    }
    addTrailers(lane, response, answer.trailers());
    response.end();
    if (!response.writableFinished) await once(response, "close").catch(() => {});
    return { bytes: came.bytes, maskedCells: masker?.maskedCells ?? 0, detected: masker?.detected() };
  } catch (error) {
    answer.body.destroy();
    throw error;
  } finally {
    response.removeListener("close", stop);
  }
}

const nothing: ReadonlySet<string> = new Set();
const nothingMore = Buffer.alloc(0);

async function write(response: Response, chunk: Buffer): Promise<void> {
  if (response.destroyed) throw new HoopError("cancelled", "the client went away");
  if (response.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const on = () => {
      response.removeListener("drain", on);
      response.removeListener("close", on);
      resolve();
    };
    response.once("drain", on);
    response.once("close", on);
  });
}

function shownHeaders(lane: HttpLane, answer: UpstreamAnswer, own: OwnName, drop: ReadonlySet<string>): string[] {
  const named = namedByConnection({ connection: headerOf(answer.headers, "connection") });
  return answerHeaders(answer.headers, named, (name, value) => {
    if (drop.has(name)) return null;
    const shown = lane.withoutSecret(value);
    if (name === "location" || name === "content-location") return mapLocation(shown, lane.target, own);
    if (name === "set-cookie") return mapSetCookie(shown, own);
    // A promise of the target about its own name, which is not the connection's.
    return name === "strict-transport-security" || name === "alt-svc" ? null : shown;
  });
}

function addTrailers(lane: HttpLane, response: Response, trailers: RawHeaders): void {
  const kept = trailersFrom(trailers);
  if (kept.length === 0 || response.destroyed) return;
  const shown = kept.map((part, at) => (at % 2 === 0 ? part : lane.withoutSecret(part)));
  try {
    response.addTrailers(asObject(shown) as never);
  } catch {
    // Called from a stream's event: what the target put there may end this answer, and nothing else.
    cut(response);
  }
}

function cannotShow(text: string): HoopError {
  return new HoopError("denied", text, { hint: "the target has done what was asked; only its answer is not shown" });
}
