import type { MaskPlan } from "../../../vocabulary/index.js";
import { codingsOf } from "./coding.js";
import { CsvMasker } from "./csv-masker.js";
import { EventMasker } from "./event-masker.js";
import { FieldFinder } from "./fields.js";
import { FormMasker } from "./form-masker.js";
import { JsonMasker } from "./json-masker.js";
import type { BodyMasker } from "./masker.js";
import { Scrubber } from "./scrubber.js";
import { TextMasker } from "./text-masker.js";
import { Values } from "./values.js";

/** What is done with the body of an answer. */
export type Treatment =
  | { readonly kind: "pass" }
  | { readonly kind: "refuse"; readonly text: string }
  | {
      readonly kind: "change";
      /** Null: by the first bytes, `sniff`. */
      readonly masker: BodyMasker | null;
      readonly sniff: (first: Buffer) => BodyMasker | string;
      readonly codings: readonly string[];
      /** Only stars of the same length are put in: lengths and entity tags stay right. */
      readonly keepsLength: boolean;
      /** Each piece goes out as it comes; there is no waiting for more. */
      readonly live: boolean;
    };

export interface AnswerFacts {
  /** Null: nothing is masked by rules. */
  readonly plan: MaskPlan | null;
  readonly key: Buffer;
  /** Of the request. */
  readonly path: string;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly contentRange: string | undefined;
  /** Forms of the secret that must not come back. */
  readonly secrets: readonly string[];
}

const pass: Treatment = { kind: "pass" };
const json =
  /^(?:application\/(?:json|x-ndjson|ndjson|jsonl|x-jsonlines|json-seq|x-json-stream|[^;]*\+json(?:-seq)?)|text\/(?:json|x-json))$/;
/** Text that people or browsers read; it has no named fields. */
const text = /^(?:text\/|application\/(?:javascript|ecmascript|x-javascript|xhtml\+xml)$|image\/svg\+xml$)/;
const structured =
  /^(?:text\/(?:xml|yaml|x-yaml|vnd\.yaml|x-protobuf)|application\/(?:xml|yaml|x-yaml|[^;]*\+(?:xml|yaml)))$/;
/** What holds no fields, by the bytes that it must begin with. */
const pictures = /^(?:image\/(?!svg)|font\/|audio\/|video\/|application\/(?:wasm|font-woff2?|vnd\.ms-fontobject))/;
const magic =
  /^(?:\x89PNG|\xff\xd8\xff|GIF8|RIFF|\x00\x00\x01\x00|wOF[F2]|\x00\x01\x00\x00|OTTO|true|ttcf|\x00asm|BM|II\*\x00|MM\x00\*|OggS|ID3|\xff[\xe0-\xff]|fLaC|\x1aE\xdf\xa3|....ftyp)/s;

/** JSON, or nothing yet but space before it. */
const jsonBegins = /^(?:\xef\xbb\xbf|\xef\xbb?$)?\s*(?:[[{]|$)/;
/** JSONP, and JSON behind what keeps scripts from reading it. */
const jsonInside =
  /^\s*(?:\)\]\}'?|while\s*\(1\)|for\s*\(;;\)|(?:\/\*[^*]{0,40}\*\/)?\s*(?:typeof [^&]{1,200}&&\s*)?[\w$.[\]"']{1,200}\s*\(\s*(?:\{\s*["}]|\[\s*[[{"\d]))/;

export function treatmentOf(facts: AnswerFacts): Treatment {
  const { plan, contentType, secrets } = facts;
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const media = type.trim();
  if (plan === null) return secrets.length === 0 ? pass : scrub(facts, media);
  const codings = codingsOf(facts.contentEncoding);
  if (codings === null) return refuse("it is in a coding that cannot be read here");
  if (facts.status === 206 || facts.contentRange !== undefined) return refuse("it is only a part of a body");
  const charset = /charset="?([^"\s]+)/.exec(parameters.join(";"))?.[1];
  if (charset !== undefined && !/^(?:utf-?8|us-ascii|ascii|iso-8859-1|latin1|windows-1252)$/.test(charset))
    return refuse(`its characters are in ${charset}`);
  const made = maskerFor(facts, plan, media, parameters.join(";"));
  if (typeof made === "string") return refuse(made);
  return {
    kind: "change",
    masker: made.masker && withScrubber(made.masker, secrets),
    sniff: (first) => {
      const found = made.sniff(first);
      return typeof found === "string" ? found : withScrubber(found, secrets);
    },
    codings,
    keepsLength: false,
    live: media === "text/event-stream",
  };
}

/** An answer to a request that no mask could be applied to; null: it may be sent. */
export function unmaskable(plan: MaskPlan | null, kind: "grpc" | "upgrade"): string | null {
  if (plan === null) return null;
  return kind === "grpc"
    ? "values are masked for you here, and those in gRPC messages cannot be"
    : "values are masked for you here, and those in what this connection would become cannot be";
}

interface Made {
  readonly masker: BodyMasker | null;
  readonly sniff: (first: Buffer) => BodyMasker | string;
}

function maskerFor(facts: AnswerFacts, plan: MaskPlan, media: string, parameters: string): Made | string {
  const fields = plan.fields && plan.fields.length > 0 ? new FieldFinder(plan.fields, facts.path) : null;
  const values = () => new Values(plan.scan, facts.key);
  const asJson = () => new JsonMasker(fields, values());
  const asText = () => new TextMasker(plan.scan, facts.key);
  const is = (masker: BodyMasker): Made => ({ masker, sniff: () => masker });
  if (json.test(media)) return is(asJson());
  if (media === "text/csv" || media === "text/tab-separated-values") {
    if (fields !== null && /header\s*=\s*"?absent/.test(parameters)) return "its columns have no names";
    return is(new CsvMasker(fields, values()));
  }
  if (media === "application/x-www-form-urlencoded") return is(new FormMasker(fields, values()));
  if (media === "text/event-stream") return is(new EventMasker(asJson, asText));
  if (structured.test(media) && !text.test(media.replace(/^text\//, "-")))
    return fields === null ? is(asText()) : `values in ${media} are not told apart by name here`;
  // Many a server calls its JSON text, and some call it nothing at all.
  const looks = (first: Buffer) => jsonBegins.test(first.toString("latin1", 0, 1024));
  const wrapped = (first: Buffer) => fields !== null && jsonInside.test(first.toString("latin1", 0, 1024));
  if (text.test(media))
    return {
      masker: null,
      sniff: (first) => (looks(first) ? asJson() : wrapped(first) ? "it is JSON inside of a script" : asText()),
    };
  const unknown = `it is of a kind that cannot be read here${media === "" ? "" : ` (${media.slice(0, 100)})`}`;
  if (media === "") return { masker: null, sniff: (first) => (looks(first) ? asJson() : unknown) };
  if (pictures.test(media))
    return {
      masker: null,
      sniff: (first) => (magic.test(first.toString("latin1", 0, 16)) ? new TextMasker(null, facts.key) : unknown),
    };
  return unknown;
}

function scrub({ contentEncoding, secrets }: AnswerFacts, media: string): Treatment {
  const readable =
    text.test(media) || json.test(media) || structured.test(media) || media === "application/x-www-form-urlencoded";
  if (!readable) return pass;
  const codings = codingsOf(contentEncoding);
  if (codings === null) return pass;
  const masker = new Scrubber(secrets);
  return { kind: "change", masker, sniff: () => masker, codings, keepsLength: codings.length === 0, live: true };
}

function refuse(why: string): Treatment {
  return { kind: "refuse", text: `values are masked for you here, and this answer cannot be: ${why}` };
}

function withScrubber(masker: BodyMasker, secrets: readonly string[]): BodyMasker {
  if (secrets.length === 0) return masker;
  const scrubber = new Scrubber(secrets);
  return {
    // What passes untouched may be the target's own buffer, which is ours by now.
    push: (chunk) => scrubber.push(masker.push(chunk)),
    end: () => Buffer.concat([scrubber.push(masker.end()), scrubber.end()]),
    get maskedCells() {
      return masker.maskedCells;
    },
    detected: () => masker.detected(),
  };
}
