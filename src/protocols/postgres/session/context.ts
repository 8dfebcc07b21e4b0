import type { AskContext } from "../../../protocol/index.js";
import type { Analysis } from "../../../vocabulary/index.js";
import { MalformedError } from "../../../wire/index.js";
import { transactionStatus } from "../codec/types.js";
import type { Statement } from "../statements.js";
import type { Names } from "./names.js";
import { isUnsafeEncoding, TextCodec } from "./text.js";
import { WordSearch } from "./word-search.js";

/** What a SQL analysis says beyond the neutral one; read by its shape, the protocol does not import the analyser. */
export interface SqlFacts {
  readonly changesContext: boolean;
  readonly changesCatalogue: boolean;
  readonly copyQuery: string | null;
}

export function sqlFacts(analysis: Analysis): SqlFacts {
  const facts = analysis as Analysis &
    Partial<Record<"changesContext" | "changesCatalogue" | "opaque" | "copyQuery", unknown>>;
  return {
    // What cannot be read may change anything.
    changesContext: facts.changesContext === true || facts.opaque === true || analysis.unknowns.length > 0,
    changesCatalogue: facts.changesCatalogue === true || analysis.unknowns.length > 0,
    copyQuery: typeof facts.copyQuery === "string" ? facts.copyQuery : null,
  };
}

/** All of so many are told of each text that may execute one; of more, those that it names. What is not told of is unknown. */
const maxAllPrepared = 256;
const executed = /\bexecute\s+(?:"((?:[^"]|"")*)"|([^\s"(;,]+))/gi;

const noPrepared: ReadonlyMap<string, string> = new Map();

/** What changes nothing in a statement; a client that comes back may have another name and another address. */
const unbound = new Set(["user", "database", "application_name", "in_hot_standby", "replication"]);

/** A PostgreSQL reports about twenty. */
const maxSettings = 256;
const maxSettingBytes = 2 * 1024 * 1024;

/** The settings of the target session that decide what a text means, as the target reports them or as we asked it. */
export class SessionContext {
  readonly database: string;
  /** Said of each ask, where it is so. */
  readonly #replication: true | undefined;
  role: string;
  sessionUser: string;
  searchPath: string | null = null;
  codec = new TextCodec("UTF8");
  /** Never changed, only replaced: asks have it as it was. */
  #settings: Readonly<Record<string, string>> = {};
  readonly #execute = new WordSearch(/execute/i);
  /** Something ran that may have changed what is not reported: ask the target before the next statement is judged. */
  dirty = false;
  /** Also its list of prepared statements. */
  dirtyPrepared = false;
  /** Changes were made that the end of the transaction, also of an implicit one, or a savepoint may take back. */
  revertible = false;
  /** Statements made by SQL's PREPARE. */
  prepared = new Map<string, string>();

  /** The login of this session, which may be another's in each. */
  readonly #login: string;

  constructor(database: string, role: string, login = role, replication = false) {
    this.database = database;
    this.role = role;
    this.sessionUser = login;
    this.#login = login;
    this.#replication = replication ? true : undefined;
  }

  parameter(name: string, value: string): void {
    // The login may be one made for this session alone: it tells nothing of what a statement does, the role does.
    const own = name === "session_authorization" && value === this.#login;
    if (!unbound.has(name) && !own) this.#keep(name, value);
    switch (name) {
      case "client_encoding":
        this.codec = new TextCodec(value);
        this.#settings = { ...this.#settings, client_encoding: value };
        break;
      case "standard_conforming_strings":
        this.#settings = { ...this.#settings, standard_conforming_strings: value };
        break;
      case "session_authorization":
        this.sessionUser = value;
        break;
      case "search_path":
        // Reported from version 18 on.
        this.searchPath = value;
        break;
    }
  }

  /** What names in a text mean depends on this. */
  get readAs(): string {
    const [role, searchPath] = this.#readAsOf;
    if (role !== this.role || searchPath !== this.searchPath) {
      this.#readAsOf = [this.role, this.searchPath];
      this.#readAs = JSON.stringify(this.#readAsOf);
    }
    return this.#readAs;
  }
  #readAsOf: readonly [role: string | null, searchPath: string | null] = [null, null];
  #readAs = "";

  /** Why no text can be read safely now; null: it can. */
  unreadable(): string | null {
    if ((this.#settings.standard_conforming_strings ?? "on") !== "on") {
      return "standard_conforming_strings is off in this session, so statements cannot be read safely";
    }
    const encoding = this.#settings.client_encoding;
    if (encoding !== undefined && isUnsafeEncoding(encoding)) {
      return `client_encoding is ${encoding} in this session, so statements cannot be read safely`;
    }
    return null;
  }

  /** What else values depend on: startup options, and settings as the target reports them. The same object while nothing changes. */
  get ambient(): Readonly<Record<string, string>> {
    return this.#ambient;
  }
  #ambient: Readonly<Record<string, string>> = {};

  #keep(name: string, value: string): void {
    const before = Object.hasOwn(this.#ambient, name) ? this.#ambient[name] : undefined;
    if (before === value) return;
    this.#ambientBytes += value.length - (before === undefined ? -name.length : before.length);
    this.#ambientNames += before === undefined ? 1 : 0;
    if (this.#ambientNames > maxSettings || this.#ambientBytes > maxSettingBytes)
      throw new MalformedError("the target reports more settings than can be kept");
    this.#ambient = { ...this.#ambient, [name]: value };
  }
  #ambientNames = 0;
  #ambientBytes = 0;

  started(parameters: ReadonlyMap<string, string>): void {
    const options: Record<string, string> = {};
    for (const [name, value] of parameters) if (!unbound.has(name)) options[`option ${name}`] = value;
    this.#ambient = { ...this.#ambient, ...options };
  }

  /** An allowed statement is on its way. */
  ran(text: string, changesContext: boolean): void {
    if (changesContext) {
      this.dirty = true;
      this.revertible = true;
      if (/\b(?:prepare|deallocate|discard|execute|do|call|select|with)\b/i.test(text)) this.dirtyPrepared = true;
    }
    // SET LOCAL ends with the transaction, SET is undone by its rollback or a savepoint's.
    if (this.revertible && /\b(?:rollback|abort|commit|end|prepare)\b/i.test(text)) this.dirty = true;
  }

  /** The target finished a turn. */
  turned(status: number): void {
    if (status !== transactionStatus.idle || !this.revertible) return;
    this.dirty = true;
    this.revertible = false;
  }

  for(text: string, status: number, statements: Names<Statement>, unsettled: boolean): AskContext {
    return {
      database: this.database,
      role: this.role,
      searchPath: this.searchPath,
      settings: this.#settings,
      transaction: status === transactionStatus.idle ? "idle" : status === transactionStatus.open ? "open" : "failed",
      // Only EXECUTE runs what was prepared before, and keywords cannot be spelled otherwise.
      ambient: this.#ambient,
      unsettled: unsettled ? true : undefined,
      replication: this.#replication,
      prepared: this.#execute.in(text) ? this.#preparedNow(text, statements) : noPrepared,
    };
  }

  #preparedNow(text: string, statements: Names<Statement>): ReadonlyMap<string, string> {
    const texts = new Map<string, string>();
    if (statements.size + this.prepared.size > maxAllPrepared) {
      for (const [, quoted, word] of text.matchAll(executed)) {
        const name = quoted === undefined ? word!.toLowerCase() : quoted.replaceAll('""', '"');
        const found = this.prepared.get(name) ?? statements.settled(name)?.text;
        if (found !== undefined) texts.set(name, found);
      }
      return texts;
    }
    for (const [name, { text }] of statements.confirmed()) if (name !== "") texts.set(name, text);
    for (const [name, text] of this.prepared) texts.set(name, text);
    return texts;
  }
}
