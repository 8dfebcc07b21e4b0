import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseTranscript, type Transcript } from "./transcript.js";

/**
 * Every `*.txt` of a folder beside the calling file, in order of name. An empty folder is an error: a suite that plays
 * nothing proves nothing.
 *
 * @example readTranscripts(import.meta.url, "./transcripts")
 */
export function readTranscripts(from: string, folder: string): readonly Transcript[] {
  const path = fileURLToPath(new URL(`${folder}/`, from));
  const names = readdirSync(path)
    .filter((name) => name.endsWith(".txt"))
    .sort();
  if (names.length === 0) throw new Error(`no transcripts in ${path}`);
  return names.map((name) => parseTranscript(name.replace(/\.txt$/, ""), readFileSync(join(path, name), "utf8")));
}
