const here = "http://here.invalid";

/** Where to go after signing in: a path of our own, whatever a link says; else the start. */
export function ownPath(wanted: string | undefined): string {
  // Browsers read a backslash as a slash, and drop tabs and line ends before they look.
  if (wanted === undefined || wanted.length > 2_000 || !wanted.startsWith("/") || /[\\\p{C}]/u.test(wanted)) return "/";
  if (wanted.startsWith("//") || !URL.canParse(wanted, here)) return "/";
  const url = new URL(wanted, here);
  // A path that only its dots made begin with two slashes would be another host to the browser.
  if (url.origin !== here || url.pathname.startsWith("//")) return "/";
  return url.pathname + url.search;
}
