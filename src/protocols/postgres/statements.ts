import type { ExpectedEffect, Meter } from "../../protocol/index.js";
import type { MaskPlan } from "../../vocabulary/index.js";
import type { FieldDescription } from "./codec/backend.js";
import type { RowMasker } from "./masking.js";
import type { SubjectReader } from "./subject-reader.js";

/** A prepared statement that the client made with Parse. */
export interface Statement {
  readonly name: string;
  /** As the client sent it, decoded: what is asked again at each Bind. */
  readonly text: string;
  /** Bytes of the text and the types on the wire, for the bound on what one session may keep. */
  readonly size: number;
  /** Ids of its parameters' types, 4 bytes each: as the client gave them, and as the target told them; null: not told. */
  readonly types: Buffer;
  parameters: Buffer | null;
}

/** Where one column of a COPY comes from; `typeId` 0: not known. */
export type ColumnOrigin = Pick<FieldDescription, "tableId" | "columnNumber" | "typeId">;

/** What is kept of one column that the target told of, bytes: about what its mask takes. */
const columnBytes = 256;

/** What a portal takes, for the bound on what one session may keep; of the unnamed one there is no other. */
export function weighPortal({ name, bytes, told }: Portal): number {
  return name === "" ? 0 : bytes + told * columnBytes;
}

/** A portal that the client made with Bind. */
export interface Portal {
  readonly name: string;
  readonly statement: Statement;
  readonly formats: Buffer;
  readonly values: readonly (Buffer | null)[];
  /** What it keeps of the client's, its statement (which may be replaced meanwhile) included. */
  readonly bytes: number;
  /** Columns that the target told of and that are masked or counted by; 0: nothing is kept of them. */
  told: number;
  readonly changesContext: boolean;
  readonly changesCatalogue: boolean;
  /** What names in its text meant when it was bound. */
  readonly readAs: string;
  /** What runs may declare cursors itself. */
  readonly disturbsCursors: boolean;
  /** Where the columns come from, when it is a COPY under a mask. */
  readonly copyColumns: readonly ColumnOrigin[] | null;
  /** The ask that allowed it last, its plan, and the rules' age then. */
  ask: number;
  masks: MaskPlan | null;
  epoch: number;
  /** Of its columns under `masks`: null passes every row untouched, undefined is not known yet. */
  masker: RowMasker | null | undefined;
  /** Counts its rows; null: nobody does. */
  meter: Meter | null;
  /** Of its columns: whose data a row is; null: nobody asks, undefined is not known yet. */
  reader: SubjectReader | null | undefined;
  /** Judged statements that had run when this portal was bound or last verified. */
  turn: number;
  /** Of a FETCH: judged statements that had run when it was judged by the cursors that were open; null: it is none. */
  cursorsAt: number | null;
  /** What its one run is held to; `ran`: it is over. Null: it runs as it is. */
  expects: ExpectedEffect | "ran" | null;
}
