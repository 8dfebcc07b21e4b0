/** Longer output than this since a line was begun is none that edits it. */
const maxSince = 64 * 1024;
const maxBefore = 4 * 1024;

/** What a target showed before a line was begun, and since: whether it shows what is typed, and whether something fills the screen. */
export class Echo {
  #before = "";
  #since = "";
  #begun = false;
  #carry = "";
  /** A program has the screen to itself. */
  fullScreen = false;
  /** When something came last, in milliseconds of `performance.now`. */
  at = 0;

  output(text: string): void {
    this.at = performance.now();
    const all = this.#carry + text;
    for (const [, on] of all.matchAll(/\x1b\[\?(?:1049|1047|47)([hl])/g)) this.fullScreen = on === "h";
    this.#carry = all.slice(-8);
    if (!this.#begun) this.#before = (this.#before + text).slice(-maxBefore);
    else if (this.#since.length <= maxSince) this.#since += text;
  }

  /** The first key of a line. */
  begin(): void {
    this.#begun = true;
  }

  /** The line is over. */
  over(): void {
    this.#before = (this.#before + this.#since).slice(-maxBefore);
    this.#since = "";
    this.#begun = false;
  }

  /** From the last line's beginning on. */
  get prompt(): string {
    return this.#before.slice(this.#before.lastIndexOf("\n") + 1);
  }

  /** Whether anything stood on the line when its first key came: typed ahead of its prompt, a line cannot be told from the prompt. */
  get hasPrompt(): boolean {
    return /[^\p{C}\s]/u.test(withoutSequences(this.prompt));
  }

  get since(): string | null {
    return this.#since.length > maxSince ? null : this.#since;
  }

  /** Whether these characters were shown in their order. */
  shows(typed: string): boolean {
    const shown = withoutSequences(this.#since);
    let at = 0;
    for (const character of typed) {
      at = shown.indexOf(character, at);
      if (at < 0) return false;
      at += character.length;
    }
    return true;
  }

  /** Whether what stands before the cursor asks for something that is not to be seen. */
  get asksForSecret(): boolean {
    const text = withoutSequences(this.prompt)
      .replaceAll(/[^\P{C}]/gu, "")
      .slice(-200);
    return /(pass(word|phrase|code|wd)?|pin|secret|token|otp|verification code|kennwort|passwort|mot de passe|contraseña)\b[^$#%>]{0,80}[:?]\s*$/iu.test(
      text,
    );
  }
}

function withoutSequences(text: string): string {
  return text.replaceAll(/\x1b(\[[\x20-\x3f]*[\x40-\x7e]|[\]PX^_][^\x07\x1b]*(\x07|\x1b\\)?|[()*+#% ].|[^[\]])/g, "");
}
