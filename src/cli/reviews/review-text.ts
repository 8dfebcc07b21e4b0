import { type Output, printable } from "../output.js";
import { ago, facts } from "../table.js";
import type { ReviewDetail } from "./review.js";

type Row = Readonly<Record<string, string | null>>;

const kinds = {
  statement: "a statement",
  session: "a session",
  access: "access for a time",
  reveal: "the value behind a token",
  run: "a run of a runbook",
} as const;

/** All of it, for people. */
export function reviewText(review: ReviewDetail, out: Output, wish: string | null): string {
  const head = facts([
    ["review", review.id],
    ["asks for", wish ?? kinds[review.kind]],
    ["who", `${review.requester.name}${review.onBehalfOf === null ? "" : `, for ${review.onBehalfOf.name}`}`],
    ["runs as", review.run?.runsAs],
    ["run", review.run?.run],
    ["token", review.reveal?.token],
    ["column", review.reveal?.column],
    [
      "on",
      review.connections.length === 0
        ? null
        : `${review.connections.join(", ")}${review.database === null ? "" : ` (database ${review.database})`}`,
    ],
    ["why held", review.reasons.map(({ text }) => text).join("\n")],
    ["asked", ago(review.openedAt)],
    [
      review.state === "pending" ? "expires" : "ended",
      review.state === "pending" ? ago(review.expiresAt) : review.ending,
    ],
    ["use until", review.state === "approved" ? review.useBy : null],
    ["may do", review.analysis?.effects.join(", ")],
    [
      "reaches",
      review.analysis?.resources
        .map(({ name, access }) => `${name} (${access})`)
        .slice(0, 12)
        .join(", "),
    ],
    ["link", review.link],
    ["state", review.state === "pending" ? `pending: ${review.missing}` : review.state],
  ]);
  const glass = review.breakGlass ? [out.color.red("BREAK-GLASS: this went ahead without approval.")] : [];
  const parts = [...glass, head, ...textParts(review), ...rehearsalParts(review), ...saidParts(review, out)];
  return parts.join("\n\n");
}

function textParts(review: ReviewDetail): string[] {
  if (review.kind === "access" || review.kind === "reveal") return [];
  if (review.run !== null) return runParts(review.run);
  if (review.text === null)
    return [`The text is shown to those who decide. Its shape:\n${indented(review.analysis?.shape ?? "")}`];
  const more = review.textLength > review.text.length ? `\n  … ${review.textLength} characters in all: --text` : "";
  const values = review.values?.map((value, i) => `  $${i + 1} = ${value === null ? "NULL" : printable(value)}`) ?? [];
  return [
    ...(review.transaction.length === 0
      ? []
      : [`Earlier in its transaction:\n${review.transaction.map(indented).join("\n")}`]),
    `Text:\n${indented(review.text)}${more}`,
    ...(values.length === 0 ? [] : [`Values:\n${values.join("\n")}`]),
  ];
}

function runParts({ parameters, steps }: NonNullable<ReviewDetail["run"]>): string[] {
  const given = parameters?.map(({ name, value }) => `  ${name} = ${value === null ? "(not given)" : oneLine(value)}`);
  const shown = steps.map(({ name, phase, connection, when, sends, outcome }) => {
    const what = `${phase === "step" ? name : `undo ${name}`} on ${connection}`;
    const line = `  ${printable(what)}: ${outcome}${when === null ? "" : printable(`, when ${when}`)}`;
    return sends === null || sends === "" ? line : `${line}\n${indented(indented(sends))}`;
  });
  return [
    ...(parameters === null ? ["Its parameters and texts are shown to those who decide."] : []),
    ...(given === undefined || given.length === 0 ? [] : [`Parameters:\n${given.join("\n")}`]),
    `Steps, and what the rules say of them:\n${shown.join("\n")}`,
  ];
}

function rehearsalParts({ rehearsal }: ReviewDetail): string[] {
  if (rehearsal === null) return [];
  if (rehearsal.kind === "none") return [`Not tried out: ${printable(rehearsal.why)}`];
  if (rehearsal.kind === "estimated")
    return [`Not tried out (${printable(rehearsal.why)}); the planner expects ${rehearsal.rows} rows.`];
  const samples = rehearsal.after.map((row, i) => `  ${changes(rehearsal.before[i], row)}`);
  const touched = [
    ...rehearsal.triggers.map((name) => `trigger ${name}`),
    ...rehearsal.cascades.map((name) => `cascade ${name}`),
  ];
  return [
    [
      `Tried out and rolled back: ${rehearsal.rows} rows.`,
      ...(touched.length === 0 ? [] : [`  also runs: ${printable(touched.join(", "))}`]),
      ...samples,
      ...rehearsal.before.slice(rehearsal.after.length).map((row) => `  ${changes(row, undefined)}`),
    ].join("\n"),
  ];
}

/** A row in one line: what stays as it is, what changes with an arrow. */
function changes(before: Row | undefined, after: Row | undefined): string {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const shown = (value: string | null | undefined) => (value === null ? "NULL" : printable(String(value ?? "")));
  const cells = names.map((name) => {
    const [old, now] = [before?.[name], after?.[name]];
    const value =
      before === undefined
        ? shown(now)
        : after === undefined
          ? shown(old)
          : old === now
            ? shown(now)
            : `${shown(old)} -> ${shown(now)}`;
    return `${printable(name)}=${value}`;
  });
  return `${before === undefined ? "+ " : after === undefined ? "- " : "~ "}${cells.join("  ")}`;
}

function saidParts({ decisions, comments }: ReviewDetail, { color }: Output): string[] {
  const words = { approve: "approved", deny: "denied", "break-glass": "BROKE THE GLASS" } as const;
  const lines = decisions.map(({ by, verdict, reason, at, counts }) => {
    const line = `  ${printable(by.name)} ${words[verdict]} ${ago(at)}${reason === null ? "" : `: ${oneLine(reason)}`}`;
    return verdict === "break-glass" ? color.red(line) : counts ? line : `${line} ${color.dim("(counts no more)")}`;
  });
  const said = comments.map(({ by, text, at }) => `  ${printable(by.name)}, ${ago(at)}: ${oneLine(text)}`);
  return [
    ...(lines.length === 0 ? [] : [`Decisions:\n${lines.join("\n")}`]),
    ...(said.length === 0 ? [] : [`Comments:\n${said.join("\n")}`]),
  ];
}

// Further lines are set in: none of them may pass for somebody else's word.
const oneLine = (text: string) => printable(text).replaceAll("\n", "\n      ");
const indented = (text: string) =>
  printable(text)
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
