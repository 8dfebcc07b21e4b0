import { HoopError } from "../../vocabulary/index.js";
import { type Invocation, text, type Verb } from "../invocation.js";
import { printable } from "../output.js";

interface Rules {
  readonly version: string;
  readonly items: readonly { readonly rule: string; readonly text: string }[];
}

interface Simulated {
  readonly outcome: string;
  readonly reasons: readonly { readonly rule: string | null; readonly text: string }[];
  readonly masks: readonly Readonly<Record<string, unknown>>[];
}

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const statement = args[0];
  const connection = text(invocation, "connection");
  if (statement === undefined && connection === undefined) return readOut(invocation);
  if (connection === undefined) throw new HoopError("invalid", "at which connection?", { hint: "give --connection" });
  const api = await context.api();
  const subject =
    text(invocation, "subject") ??
    (await api.get<{ subject: { name: string } }>("/me", { signal: context.signal })).subject.name;
  if (statement === undefined) return tell(invocation, subject, connection);
  const body = { subject, connection, statement };
  const result = await api
    .post<Simulated>("/policy/simulate", { body, signal: context.signal })
    .catch((error: unknown) => {
      throw asked(error, `hoop policy explain --connection ${connection}`);
    });
  const { color } = context.out;
  context.out.result(result, () => {
    const word =
      result.outcome === "allow"
        ? color.green("allowed")
        : color.red(result.outcome === "deny" ? "denied" : result.outcome);
    const reasons = result.reasons.map(
      (reason) => `  ${printable(reason.text)}${reason.rule ? color.dim(` (${printable(reason.rule)})`) : ""}`,
    );
    const masks =
      result.masks.length === 0
        ? []
        : [`  with ${result.masks.length} ${result.masks.length === 1 ? "mask" : "masks"} on what comes back`];
    return [`${subject} at ${connection}: ${word}`, ...reasons, ...masks].join("\n");
  });
};

/** What needs a right can be asked for oneself in another way. */
function asked(error: unknown, instead: string): unknown {
  if (!(error instanceof HoopError) || error.code !== "denied") return error;
  return new HoopError("denied", error.message, {
    hint: `${instead} says what you may do there yourself`,
    cause: error,
  });
}

interface Explained {
  readonly sentences: readonly string[];
  readonly rules: readonly { readonly rule: string; readonly text: string }[];
}

/** Everything that holds for somebody on a connection. */
async function tell({ context }: Invocation, subject: string, connection: string): Promise<void> {
  const path = `/policy/explain/${encodeURIComponent(connection)}?subject=${encodeURIComponent(subject)}`;
  const explained = await (await context.api()).get<Explained>(path, { signal: context.signal });
  const told = new Set(explained.rules.map(({ rule, text }) => `${text} [${rule}]`));
  context.out.result(explained, () =>
    explained.sentences.map((sentence) => `${told.has(sentence) ? "  " : ""}${printable(sentence)}`).join("\n"),
  );
}

async function readOut({ context }: Invocation): Promise<void> {
  const api = await context.api();
  const rules = await api.get<Rules>("/policy/explain", { signal: context.signal }).catch((error: unknown) => {
    throw asked(error, "hoop policy explain --connection NAME");
  });
  context.out.result(rules, () =>
    rules.items.length === 0
      ? "No rule is in force: nothing is allowed."
      : rules.items
          .map(({ rule, text }) => `${context.out.color.bold(printable(rule))}\n  ${printable(text)}`)
          .join("\n"),
  );
}
