import type { Word } from "./script.js";
import { beginsWithTilde, literal } from "./words.js";

/** Where relative paths begin, as far as it is known; null: nobody can say. */
export type Folder = string | null;

/** The login's home, where every command starts. */
export const home: Folder = "~";

/**
 * The path that a word names, made absolute and without `.` and `..`; `~` is the login's home. Null: known only when it runs.
 * Links are followed by the target alone: what a path leads to, nobody here can say.
 */
export function pathOf(word: Word, folder: Folder): string | null {
  const text = literal(word);
  if (text === null || text === "" || text.includes("\0")) return null;
  if (beginsWithTilde(word)) return text === "~" || text.startsWith("~/") ? resolvePath(text, folder) : null;
  return resolvePath(text.startsWith("~") ? `./${text}` : text, folder);
}

/** The same for a path as it is, e.g. of SFTP. */
export function resolvePath(text: string, folder: Folder): string | null {
  const absolute = text.startsWith("/") || text === "~" || text.startsWith("~/");
  if (!absolute && folder === null) return null;
  const whole = absolute ? text : `${folder}/${text}`;
  const parts: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") {
      parts.push(part);
      continue;
    }
    // Above the home is somewhere that only the target knows.
    if (parts.length === 1 && parts[0] === "~" && !whole.startsWith("/")) return null;
    parts.pop();
  }
  if (whole.startsWith("/")) return `/${parts.join("/")}`;
  return parts.join("/");
}

/** The same path with the home's own place, where the connection says it. */
export function withHome(path: string | null, homeIs: string | null): string | null {
  if (path === null || homeIs === null || (path !== "~" && !path.startsWith("~/"))) return path;
  return homeIs + path.slice(1);
}
