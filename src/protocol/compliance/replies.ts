import type { Reply } from "./dialect.js";

/** The first cell of each row: the scripted target puts the statement's text there. */
export function rowTexts(replies: readonly Reply[]): readonly string[] {
  return replies.flatMap((reply) => (reply.kind === "row" ? [reply.cells[0]?.toString() ?? ""] : []));
}

/** One word a statement: `denied` for an error, `allowed` for the first row that holds `text`. */
export function outcomes(replies: readonly Reply[], text: string): readonly ("allowed" | "denied")[] {
  return replies.flatMap((reply): ("allowed" | "denied")[] => {
    if (reply.kind === "error") return ["denied"];
    return reply.kind === "row" && reply.cells[0]?.toString() === text ? ["allowed"] : [];
  });
}
