import { maskText, passed, Tally, type ValueScanner, valueScanner } from "../../../masking/index.js";
import type { Mask, ScanPlan } from "../../../vocabulary/index.js";

const namesSecret = /pass|pwd|secret|token|key|credential/i;

/** What becomes of single values: under the mask of their name, else as detectors find. */
export class Values {
  readonly #key: Buffer;
  readonly #scanner: ValueScanner | null;
  readonly #tally = new Tally();
  /** Names of members are values too. */
  readonly scansNames: boolean;
  maskedCells = 0;

  constructor(scan: ScanPlan | null | undefined, key: Buffer) {
    this.#key = key;
    this.#scanner = scan ? valueScanner(scan.rules, key) : null;
    this.scansNames = scan?.rules.some(({ keys }) => keys) ?? false;
  }

  get scans(): boolean {
    return this.#scanner !== null;
  }

  /** Null is a null of the body's own form. */
  masked(mask: Mask, text: string): string | null {
    this.maskedCells++;
    return maskText(mask, text, this.#key);
  }

  /** Undefined: it stays. `name` is the member's; a password is one whatever it looks like. */
  scanned(text: string, name: string): string | null | undefined {
    if (this.#scanner === null) return undefined;
    if (name !== "" && namesSecret.test(name)) return this.#named(text, name);
    const bytes = Buffer.from(text, "utf8");
    const shown = this.#scanner.masker("text", this.#tally)(bytes, 0, bytes.length);
    return shown === passed ? undefined : shown === null ? null : shown.toString("utf8");
  }

  #named(text: string, name: string): string | null | undefined {
    const bytes = Buffer.from(`{${JSON.stringify(name)}:${JSON.stringify(text)}}`);
    const shown = this.#scanner!.masker("json", this.#tally)(bytes, 0, bytes.length);
    if (shown === passed) return undefined;
    if (shown === null) return null;
    const [value] = Object.values(JSON.parse(shown.toString("utf8")) as Record<string, string | null>);
    return value === text ? undefined : (value ?? null);
  }

  /** A value too long to be looked at. */
  hide(): string {
    this.#tally.add("oversized");
    return "***";
  }

  detected(): Readonly<Record<string, number>> | undefined {
    return this.#tally.take();
  }
}
