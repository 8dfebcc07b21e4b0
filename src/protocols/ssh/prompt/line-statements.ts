import type { Analysis, AttributeValue } from "../../../vocabulary/index.js";
import type { Withdraw } from "../connection/bridge.js";
import type { SshTarget } from "../target.js";
import { Folders, lineAnalysis } from "./line-analysis.js";
import type { LineWord } from "./line-control.js";

export interface LineStatementPorts {
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly target: SshTarget;
  ask(
    text: string,
    analysis: Analysis,
    answer: (word: { readonly ask: number } | { readonly denied: string }) => void,
  ): Withdraw;
  finished(ask: number, bytes: number): void;
}

/** Lines of one shell as statements: each ends where the next one begins, as nobody can say when what it started is done. */
export class LineStatements {
  readonly #ports: LineStatementPorts;
  readonly #folders: Folders;
  #running: { readonly ask: number; bytes: number } | null = null;

  constructor(ports: LineStatementPorts) {
    this.#ports = ports;
    this.#folders = new Folders(ports.target.home);
  }

  judge(line: string | null, answer: (word: LineWord) => void): Withdraw {
    const { attributes, target } = this.#ports;
    const analysis = lineAnalysis(line, attributes, target, this.#folders.all);
    return this.#ports.ask(line ?? "", analysis, (word) => {
      if ("denied" in word) return answer(word);
      this.over();
      this.#running = { ask: word.ask, bytes: 0 };
      if (line !== null) this.#folders.ran(line);
      answer({ denied: null, free: analysis.unknowns.length > 0 });
    });
  }

  showed(bytes: number): void {
    if (this.#running) this.#running.bytes += bytes;
  }

  over(): void {
    if (this.#running) this.#ports.finished(this.#running.ask, this.#running.bytes);
    this.#running = null;
  }
}
