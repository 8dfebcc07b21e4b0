import { createHash, randomUUID } from "node:crypto";
import { type Connection, type Effect, type HoldTerms, HoopError, type Subject } from "../vocabulary/index.js";
import { headOf } from "./head.js";
import { partyOf } from "./journal.js";
import { reviewLimits } from "./limits.js";
import type { RequestTerms } from "./ports.js";
import type { Review } from "./review.js";
import { newReviewId } from "./review-id.js";
import { type ActPorts, take } from "./take.js";

/** What somebody asks for. */
export interface AccessRequest {
  /** By name, and by labels that must all be there; what both name together. */
  readonly connections: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly effects: readonly Effect[];
  readonly durationMs: number;
  readonly ticket: string | null;
  readonly reason: string;
}

export interface AccessPorts extends ActPorts {
  /** All of them; what may be asked for is policy's to say. */
  readonly connections: () => readonly Connection[];
  readonly terms: RequestTerms;
}

/** Effects that nobody opens the door with: `connect` comes with every other. */
const askable: readonly Effect[] = ["read", "write", "define", "destroy", "admin", "execute"];

/** The connections that a subject may ask for, and with which effects. */
export function requestable(ports: AccessPorts, subject: Subject) {
  return ports
    .connections()
    .map((connection) => {
      const asked = askable.map((effect) => ({ effect, terms: ports.terms(subject, connection, [effect]) }));
      const can = asked.filter(({ terms }) => terms !== null);
      return {
        connection,
        effects: can.map(({ effect }) => effect),
        maxMs: Math.min(reviewLimits.longestGrantMs, ...can.map(({ terms }) => terms!.maxMs)),
      };
    })
    .filter(({ effects }) => effects.length > 0);
}

/**
 * Opens a review for time-boxed access. What labels name is settled now: reviewers see, and the grant holds, those
 * connections and no later ones. Throws HoopError `invalid`, `denied` (policy lets nobody ask for it), `limited`.
 */
export async function requestAccess(ports: AccessPorts, subject: Subject, request: AccessRequest): Promise<Review> {
  ports.journal.ready();
  checkRequest(request);
  const wanted = chosen(ports, request);
  const terms = new Map<string, HoldTerms>();
  let open = 0;
  for (const connection of wanted) {
    const own = ports.terms(subject, connection, request.effects);
    if (own === null) throw notAskable(connection.name);
    if (request.durationMs > own.maxMs)
      throw new HoopError("invalid", `access to ${connection.name} is given for ${inWords(own.maxMs)} at most`);
    open += own.terms.length === 0 ? 1 : 0;
    for (const one of own.terms) terms.set(JSON.stringify(one), one);
  }
  // Somebody must decide on the whole of it as soon as anybody must on a part.
  if (open > 0 && terms.size === 0) return grantAtOnce(ports, subject, request, wanted);
  return opened(ports, subject, request, wanted, [...terms.values()]);
}

function chosen(ports: AccessPorts, { connections, labels }: AccessRequest): Connection[] {
  const all = ports.connections();
  const names = [...new Set(connections.map((name) => name.toLowerCase()))];
  const named = names.map((name) => {
    const found = all.find((connection) => connection.name === name);
    if (found === undefined) throw notAskable(name);
    return found;
  });
  const wanted = Object.entries(labels);
  const labelled =
    wanted.length === 0
      ? []
      : all.filter((connection) => wanted.every(([key, value]) => connection.labels[key] === value));
  const found = [...new Map([...named, ...labelled].map((connection) => [connection.id, connection])).values()];
  if (found.length === 0) throw notAskable(wanted.map(([key, value]) => `${key}=${value}`).join(", "));
  if (found.length > reviewLimits.connections)
    throw new HoopError(
      "invalid",
      `this names ${found.length} connections; one request may name ${reviewLimits.connections}`,
    );
  return found;
}

/** The same words for what is not there and what may not be asked for: a request must not tell what exists. */
function notAskable(name: string): HoopError {
  return new HoopError("denied", `access to ${JSON.stringify(name.slice(0, 100))} cannot be asked for`, {
    hint: "`hoop access options` lists what you may ask for",
  });
}

function checkRequest({ effects, durationMs, reason, ticket, connections, labels }: AccessRequest): void {
  const refuse = (text: string) => new HoopError("invalid", text);
  if (connections.length === 0 && Object.keys(labels).length === 0) throw refuse("say which connections you need");
  if (effects.length === 0) throw refuse(`say what you need to do: ${askable.join(", ")}`);
  for (const effect of effects)
    if (!askable.includes(effect)) throw refuse(`"${effect}" cannot be asked for; ${askable.join(", ")} can`);
  if (!(durationMs >= reviewLimits.shortestGrantMs && durationMs <= reviewLimits.longestGrantMs))
    throw refuse("access can be asked for between one minute and thirty days");
  if (reason.trim() === "" || reason.length > reviewLimits.reason) throw refuse("say in a few words why you need it");
  if ((ticket?.length ?? 0) > reviewLimits.ticket) throw refuse("that is too long for a ticket's name");
}

function inWords(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

async function opened(
  ports: AccessPorts,
  subject: Subject,
  request: AccessRequest,
  connections: readonly Connection[],
  terms: readonly HoldTerms[],
): Promise<Review> {
  const { effects, durationMs, ticket, reason } = request;
  const body = { text: "", values: null, transaction: [] };
  const { review } = await ports.store.open({
    id: newReviewId(),
    kind: "access",
    requester: { ...partyOf(subject), kind: subject.kind },
    onBehalfOf: null,
    connections: connections.map(({ id, name }) => ({ id, name })),
    session: null,
    statement: null,
    // Each request is its own: nothing is taken up by asking again.
    digest: createHash("sha256").update(randomUUID()).digest("hex"),
    terms,
    head: headOf(body, {
      database: null,
      role: null,
      analysis: null,
      reasons: [],
      wish: { effects, durationMs, ticket, reason },
    }),
    body,
  });
  await ports.journal.review("requested", partyOf(subject), review, {
    effects,
    minutes: Math.round(durationMs / 60_000),
    ...(ticket === null ? {} : { ticket }),
  });
  return review;
}

/** Policy asks for nobody's approval: the wish is written down like any other, and granted by the rule itself. */
async function grantAtOnce(
  ports: AccessPorts,
  subject: Subject,
  request: AccessRequest,
  connections: readonly Connection[],
): Promise<Review> {
  const review = await opened(ports, subject, request, connections, []);
  return take(ports, review.id, { kind: "grant" });
}
