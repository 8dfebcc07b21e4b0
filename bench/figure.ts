/** Everything measured: figure → path → one value a round. */
export class Figures {
  readonly #values = new Map<string, Map<string, number[]>>();
  readonly #units = new Map<string, string>();

  add(figure: string, path: string, value: number, unit: string): void {
    const paths = this.#values.get(figure) ?? new Map<string, number[]>();
    this.#values.set(figure, paths);
    this.#units.set(figure, unit);
    paths.set(path, [...(paths.get(path) ?? []), value]);
  }

  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  paths(figure: string): readonly string[] {
    return [...(this.#values.get(figure)?.keys() ?? [])];
  }

  unit(figure: string): string {
    return this.#units.get(figure) ?? "";
  }

  values(figure: string, path: string): readonly number[] {
    return this.#values.get(figure)?.get(path) ?? [];
  }

  median(figure: string, path: string): number | null {
    return median(this.values(figure, path));
  }

  /** The median over the rounds of one path's value by the other's in the same round; null: not both measured. */
  ratio(figure: string, path: string, base: string, baseFigure = figure): number | null {
    const bases = this.values(baseFigure, base);
    return median(this.values(figure, path).flatMap((value, round) => (bases[round] ? [value / bases[round]] : [])));
  }
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value below which that part of all values lies. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
