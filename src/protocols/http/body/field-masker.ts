import type { FieldFinder } from "./fields.js";
import type { BodyMasker } from "./masker.js";
import type { Values } from "./values.js";

/** Masks a body whose values have names. What it replaced and found is counted where the values are masked. */
export abstract class FieldMasker implements BodyMasker {
  protected readonly fields: FieldFinder | null;
  protected readonly values: Values;

  constructor(fields: FieldFinder | null, values: Values) {
    this.fields = fields;
    this.values = values;
  }

  get maskedCells(): number {
    return this.values.maskedCells;
  }

  detected(): Readonly<Record<string, number>> | undefined {
    return this.values.detected();
  }

  abstract push(chunk: Buffer): Buffer;
  abstract end(): Buffer;
}
