/** Errors come as the command line shows them, without a capital; here they stand alone. */
export function sentence(text: string): string {
  // `hoop login` is something to type.
  return text.startsWith("hoop ") ? `Type: ${text}` : text.charAt(0).toUpperCase() + text.slice(1);
}
