/**
 * What somebody wrote, safe to show to others in a terminal, a client's error and the audit: no control character, nothing that
 * turns the direction of what stands beside it, no half of a character. Lines stay, and what joins emoji.
 */
export function plainWords(text: string): string {
  return text.replaceAll(/[^\P{C}\n\t\u200d]/gu, " ").trim();
}
