import { hash } from "node:crypto";
import { HoopError } from "../vocabulary/index.js";
import { commitmentDomain } from "./commitment.js";
import { type EntryBody, payloadsOf } from "./entry.js";
import { type HeadBody, pinnedKeys, type SignedHead, verifyHead } from "./head.js";
import { lineText } from "./line-text.js";

/** What is wrong, and with which entry first. */
export interface AuditFault {
  readonly code:
    | "malformed"
    | "altered"
    | "missing"
    | "reordered"
    | "repeated"
    | "tail-dropped"
    | "chain-missing"
    | "forked"
    | "bad-signature"
    | "unsigned"
    | "payload-altered"
    | "cut-short";
  /** Null where a fault is of no single chain. */
  readonly chain: string | null;
  readonly seq: number | null;
  /** A sentence for people. */
  readonly text: string;
}

export interface ChainReport {
  readonly chain: string;
  /** The first entry that is there: 1, unless `partial` allowed a later one. */
  readonly from: number;
  readonly entries: number;
  /** Entries up to this one are proven by a signed head. */
  readonly provenThrough: number;
  /** When that head was signed. */
  readonly provenAt: Date | null;
}

export interface VerifyReport {
  readonly ok: boolean;
  /** The first fault in the order of the export; null: none. */
  readonly fault: AuditFault | null;
  readonly chains: readonly ChainReport[];
  readonly entries: number;
  readonly payloads: number;
  /** Entries that were written after the last signed head: linked, but not signed yet. At most a minute's. */
  readonly unsigned: number;
  /** Whether a head from outside the export was given: only then is a dropped tail certain to be noticed. */
  readonly anchored: boolean;
}

export interface VerifyOptions {
  /** PEM (SPKI) of the pinned Ed25519 key, or several. */
  readonly publicKey: string;
  /** Lines of a head file that was kept apart from the store (HOOP_HEADS_DIR). */
  readonly heads?: AsyncIterable<string> | Iterable<string> | undefined;
  /** Accepts a chain whose first entries are not in the export, when it begins behind a signed head: an export of a journal's folder. */
  readonly partial?: boolean | undefined;
}

class Fault extends Error {
  constructor(readonly fault: AuditFault) {
    super(fault.text);
  }
}

function fault(code: AuditFault["code"], chain: string | null, seq: number | null, text: string): Fault {
  return new Fault({ code, chain, seq, text });
}

/** What signed heads say of one chain. */
interface Claims {
  readonly hashes: Map<number, string>;
  last: number;
  at: number;
}

/**
 * Proves an export offline: needs its lines, the pinned public key, and, to be sure that no tail is missing, the last
 * head that was kept elsewhere. Stops at the first fault and names it. Throws HoopError `invalid` for a key that is none.
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const verifier = new Verifier(options.publicKey, options.partial ?? false);
  let found: AuditFault | null = null;
  try {
    for await (const line of options.heads ?? []) if (line.trim() !== "") verifier.outsideHead(line);
    for await (const line of lines) if (line.trim() !== "") verifier.line(line);
    verifier.end();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    found = error.fault;
  }
  return verifier.report(found);
}

class Verifier {
  readonly #keys: ReturnType<typeof pinnedKeys>;
  readonly #claims = new Map<string, Claims>();
  readonly #seen = new Map<string, { readonly from: number; readonly last: number; readonly proven: number }>();
  readonly #partial: boolean;
  #anchored = false;
  #begun = false;
  #ended: { readonly entries: number; readonly chains: readonly string[] } | null = null;
  #number = 0;
  #entries = 0;
  #payloads = 0;
  /** The chain that is being read, and its last entry. */
  #chain: string | null = null;
  #from = 0;
  #seq = 0;
  #hash = "";
  #body = "";
  #proven = 0;

  constructor(publicKey: string, partial: boolean) {
    this.#partial = partial;
    this.#keys = pinnedKeys(publicKey);
    if (this.#keys.size === 0) throw new HoopError("invalid", "the pinned key is not an Ed25519 public key in PEM");
  }

  outsideHead(line: string): void {
    const head = parse(line, "a line of the heads file");
    this.#claim(this.#verified(head, "a head in the heads file"));
    this.#anchored = true;
  }

  line(text: string): void {
    this.#number += 1;
    const line = parse(text, `line ${this.#number}`);
    if (this.#ended !== null)
      throw fault("malformed", null, null, `line ${this.#number} stands behind the export's end`);
    this.#read(line);
    // Another spelling of the same, or a field said twice, means that somebody else wrote the line: readers could differ on it.
    if (lineText(line) !== text.replace(/\r?\n?$/, "")) throw this.#malformed();
  }

  #read(line: Readonly<Record<string, unknown>>): void {
    switch (line["type"]) {
      case "export":
        if (this.#number !== 1 || line["version"] !== 1) throw this.#malformed();
        this.#begun = true;
        return;
      case "head":
        if (this.#chain !== null)
          throw fault("malformed", null, null, `line ${this.#number}: a head stands behind entries`);
        this.#claim(this.#verified(line, `the head in line ${this.#number}`));
        return;
      case "entry":
        this.#entry(line);
        return;
      case "payload":
        this.#payload(line);
        return;
      case "end":
        if (!Array.isArray(line["chains"])) throw this.#malformed();
        this.#ended = { entries: Number(line["entries"]), chains: line["chains"].map(String) };
        return;
      default:
        throw this.#malformed();
    }
  }

  end(): void {
    this.#closeChain();
    if (!this.#begun) throw fault("cut-short", null, null, "this is no export: its first line is missing");
    for (const [chain, claims] of this.#claims) {
      if (!this.#seen.has(chain))
        throw fault(
          "chain-missing",
          chain,
          null,
          `chain ${chain} is missing: a signed head says that it had ${claims.last} entries`,
        );
    }
    if (this.#ended === null)
      throw fault("cut-short", null, null, "the export ends in the middle: its last line is missing");
    for (const chain of this.#ended.chains) {
      if (!this.#seen.has(chain))
        throw fault(
          "chain-missing",
          chain,
          null,
          `chain ${chain} is in the export's list, and no entry of it in the export`,
        );
    }
    if (this.#ended.entries !== this.#entries)
      throw fault(
        "missing",
        null,
        null,
        `the export says that it has ${this.#ended.entries} entries, and it has ${this.#entries}`,
      );
    if (this.#entries > 0 && this.#claims.size === 0)
      throw fault("unsigned", null, null, "no signed head vouches for anything in this export");
  }

  report(found: AuditFault | null): VerifyReport {
    const chains = [...this.#seen].map(([chain, { from, last, proven }]) => {
      const at = this.#claims.get(chain)?.at;
      return {
        chain,
        from,
        entries: last - from + 1,
        provenThrough: proven,
        provenAt: at === undefined || at === 0 ? null : new Date(at),
      };
    });
    return {
      ok: found === null,
      fault: found,
      chains,
      entries: this.#entries,
      payloads: this.#payloads,
      unsigned: chains.reduce((sum, chain) => sum + chain.from + chain.entries - 1 - chain.provenThrough, 0),
      anchored: this.#anchored,
    };
  }

  #verified(line: Readonly<Record<string, unknown>>, what: string): HeadBody {
    const { body, signature } = line;
    const head: SignedHead = { body: String(body), signature: String(signature) };
    const verified = isBase64(head.signature) ? verifyHead(head, this.#keys) : null;
    if (verified !== null) return verified;
    const claimed = tryParse(head.body);
    throw fault(
      "bad-signature",
      typeof claimed?.["chain"] === "string" ? claimed["chain"] : null,
      typeof claimed?.["seq"] === "number" ? claimed["seq"] : null,
      `${what} is not signed by the pinned key`,
    );
  }

  #claim(head: HeadBody): void {
    for (const point of [head, ...head.chains]) {
      let claims = this.#claims.get(point.chain);
      if (claims === undefined) {
        claims = { hashes: new Map(), last: 0, at: 0 };
        this.#claims.set(point.chain, claims);
      }
      const other = claims.hashes.get(point.seq);
      if (other !== undefined && other !== point.hash) {
        throw fault(
          "forked",
          point.chain,
          point.seq,
          `two signed heads of chain ${point.chain} disagree on entry ${point.seq}: the chain was written twice`,
        );
      }
      claims.hashes.set(point.seq, point.hash);
      if (point.seq >= claims.last) {
        claims.last = point.seq;
        claims.at = Math.max(claims.at, head.time);
      }
    }
  }

  #entry(line: Readonly<Record<string, unknown>>): void {
    const { chain, seq, hash: stated, body: text } = line;
    if (typeof chain !== "string" || typeof seq !== "number" || typeof text !== "string") throw this.#malformed();
    if (chain !== this.#chain) this.#openChain(chain);
    const name = `entry ${seq} of chain ${chain}`;
    if (this.#partial && this.#from === 0) this.#beginAt(chain, seq);
    if (seq !== this.#seq + 1) {
      if (seq === this.#seq) throw fault("repeated", chain, seq, `${name} is there twice`);
      if (seq < this.#seq) throw fault("reordered", chain, seq, `${name} stands behind entry ${this.#seq}`);
      throw fault(
        "missing",
        chain,
        this.#seq + 1,
        `entry ${this.#seq + 1} of chain ${chain} is missing: entry ${seq} follows entry ${this.#seq}`,
      );
    }
    const digest = hash("sha256", text, "hex");
    if (digest !== stated) throw fault("altered", chain, seq, `${name} was altered: it does not match its hash`);
    const body = tryParse(text) as EntryBody | null;
    if (body === null || body.chain !== chain || body.seq !== seq)
      throw fault("altered", chain, seq, `${name} says of itself that it is another`);
    if (body.prev !== this.#hash) {
      throw seq === 1
        ? fault("altered", chain, 1, `${name} does not begin a chain`)
        : fault(
            "altered",
            chain,
            this.#seq,
            `entry ${this.#seq} of chain ${chain} was altered or replaced: entry ${seq} follows another`,
          );
    }
    const claimed = this.#claims.get(chain)?.hashes.get(seq);
    if (claimed !== undefined) {
      if (claimed !== digest) {
        throw fault(
          "altered",
          chain,
          this.#proven + 1,
          `chain ${chain} was rewritten between entry ${this.#proven + 1} and entry ${seq}: a signed head says otherwise`,
        );
      }
      this.#proven = seq;
    }
    if (this.#from === 0) this.#from = seq;
    this.#seq = seq;
    this.#hash = digest;
    this.#body = text;
    this.#entries += 1;
  }

  /** A chain without its first entries: a signed head must vouch for the one before. */
  #beginAt(chain: string, seq: number): void {
    const before = this.#claims.get(chain)?.hashes.get(seq - 1);
    if (before === undefined) return;
    this.#seq = seq - 1;
    this.#hash = before;
    this.#proven = seq - 1;
  }

  #payload(line: Readonly<Record<string, unknown>>): void {
    const { payload, salt, content } = line;
    if (typeof salt !== "string" || typeof content !== "string" || !isBase64(salt) || !isBase64(content))
      throw this.#malformed();
    const digest = hash(
      "sha256",
      Buffer.concat([commitmentDomain, Buffer.from(salt, "base64"), Buffer.from(content, "base64")]),
      "hex",
    );
    // Only the entry that stands before it, and only what that entry committed to.
    if (digest !== payload || !payloadsOf(this.#body).includes(digest))
      throw fault(
        "payload-altered",
        this.#chain,
        this.#seq,
        `a payload of entry ${this.#seq} of chain ${this.#chain} was altered`,
      );
    this.#payloads += 1;
  }

  #openChain(chain: string): void {
    this.#closeChain();
    if (this.#seen.has(chain)) throw fault("reordered", chain, null, `entries of chain ${chain} stand in two places`);
    this.#chain = chain;
    this.#from = 0;
    this.#body = "";
    this.#seq = 0;
    this.#hash = "0".repeat(64);
    this.#proven = 0;
  }

  #closeChain(): void {
    const chain = this.#chain;
    if (chain === null) return;
    this.#seen.set(chain, { from: this.#from, last: this.#seq, proven: this.#proven });
    const claims = this.#claims.get(chain);
    if (claims === undefined) throw fault("unsigned", chain, 1, `no signed head vouches for chain ${chain}`);
    if (claims.last > this.#seq) {
      throw fault(
        "tail-dropped",
        chain,
        this.#seq + 1,
        `the tail of chain ${chain} is missing: a signed head says that it had ${claims.last} entries, and it ends at ${this.#seq}`,
      );
    }
    this.#chain = null;
  }

  #malformed(): Fault {
    return fault(
      "malformed",
      this.#chain,
      this.#chain === null ? null : this.#seq + 1,
      `line ${this.#number} is not a line of an export`,
    );
  }
}

function tryParse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function parse(text: string, what: string): Readonly<Record<string, unknown>> {
  const value = tryParse(text);
  if (value === null) throw fault("malformed", null, null, `${what} is not a line of JSON`);
  return value;
}

/** Decoders forgive what encoders never write. */
function isBase64(text: string): boolean {
  return Buffer.from(text, "base64").toString("base64") === text;
}
