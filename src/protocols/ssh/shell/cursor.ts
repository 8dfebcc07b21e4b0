/** The rest of the line cannot be read for sure; the message says why, for people. */
export class Unreadable extends Error {}

/** A place in a text. */
export class Cursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** Empty at the end. */
  peek(offset = 0): string {
    return this.text.charAt(this.at + offset);
  }

  take(): string {
    return this.text.charAt(this.at++);
  }

  skip(count: number): void {
    this.at += count;
  }

  skipTo(mark: string): void {
    const found = this.text.indexOf(mark, this.at);
    this.at = found < 0 ? this.text.length : found;
  }

  startsWith(text: string, offset = 0): boolean {
    return this.text.startsWith(text, this.at + offset);
  }

  ahead(count: number): string {
    return this.text.slice(this.at, this.at + count);
  }
}
