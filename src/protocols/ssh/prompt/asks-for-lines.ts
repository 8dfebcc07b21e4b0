/** Attributes that a shell as a whole does not have: rules that name one want to look at each of its lines. */
const ofCommands = [
  "command",
  "commands",
  "sudo",
  "operators",
  "redirects",
  "substitution",
  "paths",
  "reads",
  "writes",
].map((name) => `attribute:${name}`);

/** Whether rules in force ask for command control. */
export function asksForLines(needs: ReadonlySet<string> | undefined): boolean {
  return needs !== undefined && ofCommands.some((name) => needs.has(name));
}
