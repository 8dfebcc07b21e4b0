/** A slice of a target database's catalogue: plain data, read by the gateway, cached by version. */
export interface Catalogue {
  /** Whose: connection, database and login role. */
  readonly key: string;
  /** Changes when anything below may have changed. */
  readonly version: string;
  /** The server's version number, e.g. 150018. */
  readonly serverVersion: number;
  readonly relations: readonly CatalogueRelation[];
  /** Functions outside the system schemas, with their bodies. */
  readonly functions: readonly CatalogueFunction[];
  /** Names of functions in the system schema, by volatility; nothing else there is known. */
  readonly systemFunctions: {
    readonly immutable: readonly string[];
    readonly stable: readonly string[];
    readonly volatile: readonly string[];
  };
  /**
   * The columns that a function of the system's schemas gives in FROM, where that is not one column without a name of its own; null:
   * they depend on the call, or on which of that name is called. Absent: not read, nothing is known of any.
   */
  readonly systemFunctionColumns?: readonly {
    readonly schema: string;
    readonly name: string;
    readonly columns: readonly string[] | null;
  }[];
  /** The login role's search_path as its session starts, `$user` resolved. */
  readonly searchPath: readonly string[];
  readonly role: string;
  readonly superuser: boolean;
  /** Operators outside the system schemas, with the id of the function behind each; absent: not read, such operators are unknown. */
  readonly operators?: readonly { readonly schema: string; readonly name: string; readonly function: number }[];
  /** Functions of the system schema that are not immutable, by id: what operators, aggregates, casts and defaults may call. */
  readonly systemFunctionIds?: readonly { readonly id: number; readonly name: string }[];
  /** Types outside the system schemas, and any that a value can only become by a user's function; absent: not read. */
  readonly types?: readonly CatalogueType[];
  /** Names of the system's types, without those of arrays and rows. */
  readonly systemTypes?: readonly string[];
  /** Functions of users' casts that happen without being written, by id. */
  readonly implicitCasts?: readonly number[];
  /** Relations of the system's schemas, by id; absent: not read. */
  readonly systemRelations?: readonly number[];
  /** Schemas that the login role may not use: the server passes over them in a search path. */
  readonly closedSchemas?: readonly string[];
}

export interface CatalogueType {
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  /** Any text is a value of it, in text and in binary, as of citext. Absent: that is not known. */
  readonly text?: boolean;
  /** Functions that run when a value becomes one of it or stops being one: of domains' checks and of casts, its parts' included, by id. */
  readonly calls: readonly number[];
}

export interface CatalogueColumn {
  readonly number: number;
  readonly name: string;
  readonly typeId: number;
  /** A generated column: numbers of the columns of the same row that it is made of. Absent: it has a value of its own. */
  readonly madeOf?: readonly number[];
  /** It is never NULL. Absent: it may be, or that was not read. */
  readonly notNull?: true;
}

export interface CatalogueRelation {
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "partitioned" | "view" | "materialized" | "foreign" | "sequence" | "other";
  readonly columns: readonly CatalogueColumn[];
  /** What it inherits from or is a partition of. */
  readonly parents: readonly number[];
  /** Relations that its rewrite rules read (a view's), by id. */
  readonly reads: readonly number[];
  /** A view's definition. */
  readonly definition: string | null;
  /** Triggers, rules other than a view's own, row security: things that run when it is written or read. */
  readonly triggers: readonly number[];
  /**
   * Changes when anything changes that decides what reading or writing it does: triggers and whether they fire, defaults, constraints
   * (of others on it, too: they cascade), rules, policies, its owner. Absent: not read.
   */
  readonly digest?: string;
  /** Functions that its defaults, constraints, generated columns, policies and rules call, by id. */
  readonly calls: readonly number[];
}

export interface CatalogueFunction {
  /** Names of the columns that it gives in FROM; empty: one, which is no row. Absent: not read, or it depends on the call. */
  readonly columns?: readonly string[];
  readonly id: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: "function" | "procedure" | "aggregate" | "window";
  readonly language: string;
  readonly volatility: "immutable" | "stable" | "volatile";
  readonly securityDefiner: boolean;
  /** The source, where the language is sql or plpgsql; null: opaque. */
  readonly body: string | null;
  /** Its own settings (`pg_proc.proconfig`), each `name=value`: a `search_path` there decides what the body's names mean. */
  readonly settings?: readonly string[];
  /**
   * Ids of the functions that run with it: those that an aggregate is made of, and those behind the types of its parameters and
   * results. Absent: not read, such an aggregate is unknown.
   */
  readonly calls?: readonly number[];
}
