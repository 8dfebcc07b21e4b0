/** Masks one body as it passes. What it gives out may be shown; what it cannot read it refuses by a HoopError `malformed`. */
export interface BodyMasker {
  push(chunk: Buffer): Buffer;
  /** The body has ended. */
  end(): Buffer;
  /** Values that were replaced by name so far. */
  readonly maskedCells: number;
  /** How often each kind of value was found; asked once, at the end. */
  detected(): Readonly<Record<string, number>> | undefined;
}

/** Longest single value that is looked at; a longer one is hidden whole. */
export const maxValue = 4 * 1024 * 1024;
/** Longest name of a member or a column. */
export const maxName = 64 * 1024;
