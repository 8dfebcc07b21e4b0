/** What went wrong, for the log: libraries hang whole answers onto their errors, and tokens are in those. */
export function briefly(thrown: unknown): readonly string[] {
  const lines: string[] = [];
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    const code = (error as Error & { code?: unknown }).code;
    lines.push(`${error.name}${typeof code === "string" ? ` ${code}` : ""}: ${error.message.slice(0, 300)}`);
  }
  return lines.length === 0 ? [typeof thrown] : lines;
}
