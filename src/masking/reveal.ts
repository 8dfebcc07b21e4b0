import { HoopError, type Subject } from "../vocabulary/index.js";
import { oneWay } from "./tokens/one-way.js";
import { detokenize, type TokenSource } from "./tokens/token.js";

/** One token whose value somebody asks for, under a review that approved it. */
export interface RevealRequest {
  readonly subject: Subject;
  /** The review's id. */
  readonly review: string;
  /** How the token was made: the rule that masks the column says it. */
  readonly source: TokenSource;
  readonly token: string;
}

/** What this room asks of those who keep reviews. */
export interface RevealApprovals {
  /**
   * Whether that review is approved for that subject and exactly that matter, and uses it up: the next call for the same review
   * answers false.
   *
   * @param what `revealMatter` of the request.
   */
  isApproved(review: string, subject: Subject, what: string): Promise<boolean>;
}

/** What is written down of an attempt; never the value. */
export interface RevealEntry {
  readonly subject: Subject;
  readonly review: string;
  readonly what: string;
  readonly outcome: "revealed" | "refused";
}

export interface RevealPorts {
  readonly approvals: RevealApprovals;
  /** Resolves when the entry would survive a crash; rejects when it could not be written. */
  readonly record: (entry: RevealEntry) => Promise<void>;
  /** The masking key, `SessionInit.maskKey`. */
  readonly key: Buffer;
}

/** Shows one value behind a token. */
export interface Reveal {
  /**
   * Throws HoopError: `unsupported` for a token that cannot be got back (checked first, so that no approval is wasted), `denied`
   * without an approval of just this, whatever the record's port throws when it cannot be written down.
   */
  reveal(request: RevealRequest): Promise<string>;
}

const maxToken = 1_024;

/**
 * Whether a token can be turned back at all: asked before anybody is bothered with a request. Throws HoopError `invalid`,
 * `unsupported`.
 */
export function checkRevealable({ source, token }: Pick<RevealRequest, "source" | "token">, key: Buffer): void {
  valueBehind(source, token, key);
}

function valueBehind(source: TokenSource, token: string, key: Buffer): string {
  if (token.length === 0 || token.length > maxToken) throw new HoopError("invalid", "no token is that long");
  // What is no token of an integer is not looked at as one that was made of a text.
  const why = source.as === "integer" ? null : oneWay(token);
  const value = why === null ? detokenize(source, token, key) : null;
  if (value !== null) return value;
  throw new HoopError(
    "unsupported",
    `the value behind this token cannot be got back${why === null ? "" : `: ${why}`}`,
    {
      hint: "Hashes, e-mail tokens and tokens of short values are made one way; look the value up at the target.",
    },
  );
}

/** What a review must be about to allow a request: purpose, form and the very token. */
export function revealMatter({ source, token }: Pick<RevealRequest, "source" | "token">): string {
  return JSON.stringify(["reveal", source.purpose, source.as, source.lastFour === true, token]);
}

/**
 * Approved, then recorded, then shown: the order is the security property.
 *
 * @example await createReveal(ports).reveal({ subject, review, source: { purpose: "analytics", as: "card" }, token })
 */
export function createReveal({ approvals, record, key }: RevealPorts): Reveal {
  return {
    async reveal(request) {
      const { subject, review, source, token } = request;
      const value = valueBehind(source, token, key);
      const what = revealMatter(request);
      if (!(await approvals.isApproved(review, subject, what))) {
        await record({ subject, review, what, outcome: "refused" });
        throw new HoopError("denied", "no approved review is about revealing this token to you", {
          hint: "A review counts once, for one token and one person.",
        });
      }
      await record({ subject, review, what, outcome: "revealed" });
      return value;
    },
  };
}
