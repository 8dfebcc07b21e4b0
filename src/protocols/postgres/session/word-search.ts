/** A longer text is not kept for the sake of an answer about it. */
const maxKept = 4_096;

/** Whether a word stands in a text. The last answer is kept: a session says the same again and again. */
export class WordSearch {
  readonly #word: RegExp;
  #text = "";
  #found = false;

  constructor(word: RegExp) {
    this.#word = word;
  }

  in(text: string): boolean {
    if (text === this.#text && text !== "") return this.#found;
    const found = this.#word.test(text);
    if (text.length <= maxKept) {
      this.#text = text;
      this.#found = found;
    }
    return found;
  }
}
