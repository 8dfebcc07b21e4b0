import { HoopError } from "../../../vocabulary/index.js";
import { type Report, sqlState } from "../errors.js";
import type { Conversation } from "./conversation.js";
import { endsTransactionAndGoesOn, type Held, turnOf } from "./held.js";
import { waitForTarget } from "./target-waits.js";
import type { TextCodec } from "./text.js";

/** Decodes the text, once the encoding that it will be read in is known. Not null: it cannot be read. */
export function readText(held: Held, codec: TextCodec): Report | null {
  if (held.kind !== "query" && held.kind !== "parse") return null;
  try {
    const text = codec.decode(held.raw);
    if (held.kind === "query") held.text = text;
    else {
      const types = Buffer.from(held.types);
      held.statement = { name: held.name, text, size: held.raw.length + types.length, types, parameters: null };
    }
    return null;
  } catch (error) {
    if (!(error instanceof HoopError)) throw error;
    const code = sqlState.characterNotInRepertoire;
    return { severity: "ERROR", code, message: `hoop: ${error.message}` };
  }
}

/** Finds the statement that a Bind names. Not null: it waits for the target's replies, or there is none. */
export function findStatement(
  conversation: Conversation,
  held: Extract<Held, { kind: "bind" }>,
): Report | "waits" | null {
  const found = conversation.statements.get(held.name, conversation.segment);
  if (found === "unsettled") {
    if (waitForTarget(conversation)) return "waits";
    throw new Error("a statement name is unsettled and nothing is on its way");
  }
  held.statement = found;
  if (found !== null) return null;
  return {
    severity: "ERROR",
    code: "26000",
    message: `prepared statement "${held.name}" does not exist`,
    hint: "Through hoop, Bind can use what Parse of the same session made; use EXECUTE for what PREPARE made.",
  };
}

/** Why the settings of the session let no text be judged; null: they do. */
export function unreadableReport({ context }: Conversation): Report | null {
  const unreadable = context.unreadable();
  if (unreadable === null) return null;
  return {
    severity: "ERROR",
    code: sqlState.featureNotSupported,
    message: `hoop: ${unreadable}`,
    hint: "Connect anew and leave that setting alone.",
  };
}

/** Read now the text of a portal would mean something else than what the target runs: null where it means the same. */
export function readOtherwise({ context }: Conversation, held: Held): Report | null {
  if (held.kind !== "execute" || held.portal!.readAs === context.readAs) return null;
  return {
    severity: "ERROR",
    code: sqlState.invalidCursorName,
    message: "hoop: the rules have changed since this portal was bound, and so has the search path or the role",
    hint: "Bind the statement anew.",
  };
}

/** The settings behind the end of a transaction cannot be told within one query; null: they need not be. */
export function settingsLost({ context }: Conversation, held: Held, text: string): Report | null {
  if (!context.revertible || turnOf(held) !== "turn" || !endsTransactionAndGoesOn(text)) return null;
  return {
    severity: "ERROR",
    code: sqlState.featureNotSupported,
    message: "hoop: the end of a transaction that changed session settings must be a query of its own",
    hint: "Send COMMIT or ROLLBACK alone, then the next statement.",
  };
}
