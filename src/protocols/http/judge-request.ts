import type { Answer, Ask, Waiting } from "../../protocol/index.js";
import { type Analysis, HoopError } from "../../vocabulary/index.js";
import type { Buffered } from "./buffered.js";
import { askFor, headerNames, mediaType, type Request, type Screened } from "./exchange.js";
import type { GraphqlFacts } from "./graphql.js";
import type { HttpLane } from "./lane.js";
import type { Presence } from "./presence.js";
import type { Problem } from "./refusal.js";
import { bodyFacts, graphqlFacts, type ReadBody, readBody } from "./request-body.js";

export interface Looked {
  readonly analysis: Analysis;
  readonly ask: Ask;
  /** What was read of the body to judge it; null: nothing, it is still to come. */
  readonly body: ReadBody | null;
  /** There is a body, and it is too large to be read before it is sent. */
  readonly tooLarge: boolean;
  readonly graphql: GraphqlFacts | null | undefined;
}

/** Headers that identify; their values are nobody's to look at. */
const private_ = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie"]);
const maxShown = 200;

/** Looks at as much of a request as rules ask for. A body is read only where they do: anything else goes through as it comes. */
export async function look(
  lane: HttpLane,
  request: Request,
  screened: Screened,
  options: {
    readonly hasBody: boolean;
    readonly upgrade: string | null;
    readonly buffered: Buffered;
    readonly client: Presence;
    onRead(): void;
  },
): Promise<Looked> {
  const { path, query } = screened;
  const contentType = mediaType(request.headers["content-type"]);
  const speaksGraphql = options.upgrade === null && lane.target.graphql.includes(path);
  const looksAtBody = lane.needs("attribute:body");
  const reads = options.hasBody && (speaksGraphql || looksAtBody || lane.needs("hold"));
  if (reads) options.onRead();
  const body = reads ? await readBody(request, lane.host.init.limits.maxFrame, options.buffered, options.client) : null;
  const tooLarge = reads && body === null;
  const encoded = !/^(?:identity)?$/i.test(String(request.headers["content-encoding"] ?? ""));
  const known = body?.bytes ?? (tooLarge ? null : Buffer.alloc(0));
  const graphql = speaksGraphql
    ? tooLarge || (encoded && known!.length > 0)
      ? null
      : graphqlFacts(known, contentType, query)
    : undefined;
  const analysis = lane.analyse({
    method: request.method ?? "GET",
    path,
    query,
    contentType,
    upgrade: options.upgrade,
    headers: headerNames(request.rawHeaders),
    header: lane.needs("attribute:header") ? headerValues(request.rawHeaders) : undefined,
    parameter: lane.needs("attribute:parameter")
      ? [...new URLSearchParams(query)].slice(0, maxShown).map(([name, value]) => `${name}=${value}`)
      : undefined,
    body:
      looksAtBody && options.hasBody
        ? known === null
          ? null
          : bodyFacts(known, contentType, encoded).fields
        : undefined,
    graphql,
  });
  const plain = askFor(request, analysis);
  const ask: Ask =
    body === null
      ? plain
      : { ...plain, bytes: body.bytes.length, values: body.values, shownValues: () => body.shown() };
  return { analysis, ask, body, tooLarge, graphql };
}

function headerValues(raw: readonly string[]): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at < raw.length && values.length < maxShown; at += 2) {
    const name = raw[at]!.toLowerCase();
    if (!name.startsWith(":") && !private_.has(name)) values.push(`${name}: ${raw[at + 1]}`);
  }
  return values;
}

export type Judged =
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answer }
  /** It waits for people, and the client does not. */
  | { readonly kind: "later"; readonly waiting: Waiting };

/** The gate's word; or, where the client or the connection says so, that it is not there yet. */
export async function judgeRequest(
  lane: HttpLane,
  { ask, tooLarge }: Looked,
  patience: number | null,
  client: Presence,
): Promise<Judged> {
  let waiting: Waiting | null = null;
  let timer: NodeJS.Timeout | null = null;
  try {
    const judged = await lane.judge(ask, client, (told, withdraw) => {
      // What people approve must be what is sent.
      if (tooLarge) return withdraw("disconnected");
      waiting = told;
      if (patience !== null) timer ??= setTimeout(() => withdraw("restarted"), patience * 1000);
    });
    return { kind: "answer", ...judged };
  } catch (error) {
    if (client.left) throw error;
    if (tooLarge)
      throw new HoopError("denied", "a rule has people look at this request, and its body is too large for that");
    if (waiting === null) throw error;
    return { kind: "later", waiting };
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}

/** Seconds that the client waits for people: what it prefers (RFC 7240), else what the connection says; null: for ever. */
export function patienceOf(lane: HttpLane, request: Request): number | null {
  const prefer = String(request.headers.prefer ?? "").toLowerCase();
  if (!/(?:^|[,;\s])respond-async(?:$|[,;\s])/.test(prefer)) return lane.target.holdSeconds;
  const wait = /(?:^|[,;\s])wait=(\d{1,5})/.exec(prefer);
  return wait ? Number(wait[1]) : 0;
}

/** The same request, sent again, takes up the same review; once it is approved it goes through. */
export function acceptedProblem({ text, link, id }: Waiting): Problem {
  return {
    status: 202,
    code: "held",
    detail: text,
    hint: `send the same request again when ${id} is approved`,
    link,
    headers: { "retry-after": "5" },
  };
}
