import type { Ask, AskContext } from "../../../protocol/index.js";
import type { SessionContext } from "./context.js";
import { type Held, phaseOf, readingOf, shownValuesOf, valuesOf } from "./held.js";

type Judged = Exclude<Held, { kind: "later" }>;

/** What is judged of a held message; `session` knows its encoding when its values are to be shown. */
export function askOf(held: Judged, text: string, context: AskContext, session: SessionContext): Ask {
  const values = valuesOf(held);
  if (values !== null) return new BoundAsk(held, text, context, session, values);
  const { cursors, frame } = held;
  return { phase: phaseOf(held), text, context, values, bytes: frame.length, cursors };
}

/** With values: how they are read is told when somebody wants to know. */
class BoundAsk implements Ask {
  readonly phase: Ask["phase"];
  readonly text: string;
  readonly context: AskContext;
  readonly values: readonly (Buffer | null)[];
  readonly bytes: number;
  readonly cursors: Ask["cursors"];
  readonly before: number | undefined;
  readonly #held: Judged;
  readonly #session: SessionContext;

  constructor(
    held: Judged,
    text: string,
    context: AskContext,
    session: SessionContext,
    values: readonly (Buffer | null)[],
  ) {
    this.phase = phaseOf(held);
    this.text = text;
    this.context = context;
    this.values = values;
    this.bytes = held.frame.length;
    this.cursors = held.cursors;
    this.before = held.kind === "execute" ? held.portal!.ask : undefined;
    this.#held = held;
    this.#session = session;
  }

  reading(): Buffer {
    return readingOf(this.#held);
  }

  shownValues(): readonly (string | null)[] {
    return shownValuesOf(this.#held, this.#session.codec);
  }
}
