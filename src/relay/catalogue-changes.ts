import type { AskContext } from "../protocol/index.js";
import type { SqlAnalysis } from "../sql/analyser.js";
import type { Connection } from "../vocabulary/index.js";
import type { Catalogues } from "./context.js";

/** What one session changes of its target's catalogue, until the transaction that it does so in has ended. */
export class CatalogueChanges {
  readonly #catalogues: Pick<Catalogues, "invalidate" | "leave">;
  /** What others read of the catalogue is old. */
  #dirty = false;
  /** It changed what names mean, in a transaction that is still open: nobody else sees that yet, the catalogue's reader neither. */
  unsettled = false;

  constructor(catalogues: Pick<Catalogues, "invalidate" | "leave">) {
    this.#catalogues = catalogues;
  }

  /** A statement is about to be read by the catalogue. */
  enter(connection: Connection, { database, transaction }: AskContext): void {
    if (this.#dirty) {
      this.#catalogues.invalidate(connection, database);
      this.#dirty = transaction !== "idle";
    }
    this.unsettled &&= transaction !== "idle";
  }

  /** A statement is about to run. */
  changes(connection: Connection, { changesCatalogue, attributes }: SqlAnalysis): void {
    this.#dirty ||= changesCatalogue;
    const { utility } = attributes;
    // CREATE, ALTER or DROP DATABASE.
    if (Array.isArray(utility) && utility.includes("database")) this.#catalogues.leave(connection);
  }

  /** What follows it is read by other meanings. */
  changesMeanings({ changesMeanings, unknowns }: SqlAnalysis): void {
    this.unsettled ||= changesMeanings === true || unknowns.length > 0;
  }

  /** A statement has run. Others are judged by what has changed from here on, and once more when the transaction has ended. */
  ran(connection: Connection, database: string, { changesCatalogue }: SqlAnalysis): void {
    if (this.#dirty || changesCatalogue) this.#catalogues.invalidate(connection, database);
  }
}
