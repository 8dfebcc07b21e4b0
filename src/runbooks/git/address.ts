import { isIP } from "node:net";
import { posix } from "node:path";
import { HoopError } from "../../vocabulary/index.js";

/** A repository's address, taken apart and found harmless. */
export interface GitAddress {
  readonly url: string;
  readonly transport: "https" | "ssh" | "file";
  readonly host: string | null;
}

const host = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
/** Where clouds hand out credentials of the machine. */
const metadata = /^(169\.254\.|fe80:|\[fe80:|fd00:ec2::254$|metadata(\.google\.internal)?$|100\.100\.100\.200$)/i;

/**
 * Checks an address. Only https, ssh and, below `fileRoot`, file: nothing that `git` would read as an option, a helper's name or a
 * command. Throws HoopError `invalid`.
 */
export function gitAddress(text: string, fileRoot: string | null): GitAddress {
  const wrong = (why: string) =>
    new HoopError("invalid", `the repository's address ${why}`, { hint: "https://host/path, ssh://git@host/path" });
  if (text.length > 1_000 || /[\x00-\x20\x7f-\uffff\\]/.test(text))
    throw wrong("has characters that an address does not have");
  const scheme = /^(https|ssh|file):\/\//.exec(text)?.[1] as GitAddress["transport"] | undefined;
  if (scheme === undefined) throw wrong("is none of https, ssh and file");
  if (scheme === "file")
    return { url: text, transport: "file", host: checkFile(text.slice("file://".length), fileRoot) };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong("cannot be read");
  }
  if (url.password !== "" || (scheme === "https" && url.username !== ""))
    throw wrong("holds a login; give it as the source's secret");
  if (url.search !== "" || url.hash !== "") throw wrong("has a query or a fragment");
  const name = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(name) === 0 && !host.test(name)) throw wrong("has a host that is none");
  if (metadata.test(name)) throw wrong("is a metadata service or link-local");
  // ssh would read these as options.
  if (url.username !== "" && !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(url.username))
    throw wrong("has a user's name that is none");
  const path = decodeURIComponent(url.pathname);
  if (path.length < 2 || path.startsWith("/-") || /[^A-Za-z0-9_.~/@+-]/.test(path) || path.split("/").includes(".."))
    throw wrong("has a path that a repository's path is not");
  return { url: text, transport: scheme, host: name };
}

function checkFile(path: string, root: string | null): null {
  if (root === null)
    throw new HoopError("invalid", "repositories on this gateway's own disk are not allowed", {
      hint: "HOOP_RUNBOOKS_FILE_ROOT names the folder in which they may be",
    });
  const normal = posix.normalize(path);
  if (
    !path.startsWith("/") ||
    normal !== path.replace(/(.)\/$/, "$1") ||
    !`${normal}/`.startsWith(`${root.replace(/\/+$/, "")}/`)
  )
    throw new HoopError("invalid", `the repository is not below ${root}`);
  return null;
}

/** A branch's name that git reads as nothing else. Throws HoopError `invalid`. */
export function checkBranch(branch: string): string {
  const fine =
    /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/.test(branch) && !/\.\.|\/\/|\/\.|@\{|\.lock(\/|$)|[./]$/.test(branch);
  if (!fine) throw new HoopError("invalid", `${JSON.stringify(branch.slice(0, 60))} is no branch's name`);
  return branch;
}

/** A folder in the repository, without leading or trailing slash. Throws HoopError `invalid`. */
export function checkFolder(folder: string): string {
  const plain = folder.replace(/^\/+|\/+$/g, "");
  if (plain === "") return "";
  const fine = plain.length <= 300 && plain.split("/").every((part) => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/.test(part));
  if (!fine) throw new HoopError("invalid", `${JSON.stringify(folder.slice(0, 60))} is no folder in a repository`);
  return plain;
}
