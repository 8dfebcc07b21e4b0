/** A piece of a word, as far as it is known before it runs. */
export type Part =
  /** Exactly these characters: quoted, escaped or plain. */
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  /** What only the shell that runs it can say: a variable, an expansion, a substitution's output. */
  | { readonly kind: "unknown"; readonly text: string };

export interface Word {
  readonly parts: readonly Part[];
  /** It holds a glob or a brace expansion outside of quotes: it may stand for many. */
  readonly expands: boolean;
}

export interface Redirect {
  readonly operator: string;
  /** Null: a here-document or here-string, which names no file. */
  readonly target: Word | null;
}

/** A command with its words, wherever in the line it stands. */
export interface SimpleCommand {
  readonly assignments: readonly { readonly name: string; readonly value: Word }[];
  readonly words: readonly Word[];
  readonly redirects: readonly Redirect[];
  /** What joins it to the one before it: `&&`, `||`, `|`, `;`, `&`. */
  readonly joined: string;
  /** In a branch, a loop or a group of its own (subshell, pipe, substitution, function): where its `cd` leads, nobody else goes. */
  readonly apart: boolean;
}

/** A line as it was read. */
export interface Script {
  readonly commands: readonly SimpleCommand[];
  /** `|`, `;`, `&&`, `||`, `&`, `(`, each once. */
  readonly operators: readonly string[];
  readonly substitution: boolean;
  /** Names that the line defines as functions. */
  readonly functions: readonly string[];
  /** Why it could not be read to its end, or not for sure. */
  readonly unknowns: readonly string[];
}
