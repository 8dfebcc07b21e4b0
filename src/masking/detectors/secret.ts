import { trait } from "../scan/traits.js";
import type { Detector, Found } from "./detector.js";
import { entropyOf } from "./entropy.js";

/** Names of what people choose or type: any value behind one is a secret. */
const passwords = "pass(?:word|wd|phrase)?|pwd|passcode|db_?pass|secret_?key";
/** Names of what machines make: a value behind one must look it, for `token: string` is in every source. */
const keys =
  "secret|token|api_?key|apikey|access_?key|auth_?key|private_?key|client_?secret|signing_?key|encryption_?key|credential|auth_?token";

// A name may have words around it (`AWS_SECRET_ACCESS_KEY`), but not letters in front of it (`compass`).
const before = "(?<![A-Za-z0-9])";
const after = "[A-Za-z0-9_.-]{0,48}";
const value = "[^\\s\"'`,;&<>(){}\\[\\]\\\\]";
const assigned = `(?:\\\\?["'])?[ \\t]{0,4}(?:=>|:=|[:=])[ \\t]{0,4}(?:\\\\?["'\`])?(${value}{4,4096})`;

const password = new RegExp(`${before}(?:${passwords})${assigned}`, "gi");
const key = new RegExp(`${before}(?:${keys})${after}${assigned}`, "gi");
const bearer = /(?<![A-Za-z])(?:bearer|basic|token)[ \t]{1,4}([A-Za-z0-9_.~+/=-]{12,4096})/gi;
/** `scheme://user:password@host` */
const login = /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"'<>]{0,128}:([^\s@/"'<>]{1,256})@/gi;

const words = /pass|pwd|secret|token|key|credential/i;
/** What all that is found has one of. */
const may = /pass|pwd|secret|token|key|credential|bearer|basic|:\/\//i;

/** Values behind names such as `password`, `api_key` or `token`, credentials of headers and of URLs. */
export const secret: Detector = {
  name: "secret",
  cost: 2,
  finds:
    "Values assigned to names such as `password`, `client_secret`, `api_key` or `token` (the latter only when they are random enough), `Bearer` and `Basic` credentials, and passwords in URLs.",
  needs: trait.assign | trait.run,
  prefilters: [
    "(?i)(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|key|credential)[A-Za-z0-9_.-]*[\\\\\"' \\t]*[:=]",
    "(?i)(?:bearer|basic|token)[ \\t]+[A-Za-z0-9_.~+/=-]{12}",
    "://[^\\s:@/\"'<>]*:[^\\s@/\"'<>]+@",
  ],
  set: "names",
  may,
  partial: "text",
  token: "text",
  find(text, found) {
    findBehind(password, text, found, isPassword);
    findBehind(key, text, found, isRandom);
    findBehind(bearer, text, found, isRandom);
    findBehind(login, text, found, isPassword, 1);
  },
};

const passwordName = new RegExp(`^(?:.*[^A-Za-z0-9])?(?:${passwords})$`, "i");
const keyName = new RegExp(`^(?:.*[^A-Za-z0-9])?(?:${keys})${after}$`, "i");
const maxName = 128;
/** False: no name in this text says that it is a secret's. */
export const mayNameSecrets = (text: string): boolean => words.test(text);

/** Whether a member of that name (`dbPassword`, `api_key`) with that value is a secret, in a document that keeps them apart. */
export function isNamedSecret(name: string, text: string): boolean {
  if (name.length > maxName) return false;
  const snake = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2");
  if (passwordName.test(snake)) return isPassword(text);
  return keyName.test(snake) && text.length <= 4096 && isRandom(text);
}

function findBehind(pattern: RegExp, text: string, found: Found, accept: (value: string) => boolean, behind = 0): void {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const end = match.index + match[0].length - behind;
    const text = match[1]!;
    if (accept(text)) found(end - text.length, end);
  }
}

/** Neither empty nor what stands for a value. */
function isPassword(text: string): boolean {
  return (
    text.length >= 4 &&
    !/^(?:null|none|nil|true|false|undefined|string|text|varchar|password|secret|required|optional)$/i.test(text) &&
    !/^[*x.•-]+$/i.test(text) &&
    !/^[$%<{]/.test(text)
  );
}

const minRandom = 12;
const minBits = 3;

function isRandom(text: string): boolean {
  const plain = text.replace(/[.=]+$/, "");
  return (
    plain.length >= minRandom &&
    isPassword(plain) &&
    /[0-9]/.test(plain) &&
    /[A-Za-z]/.test(plain) &&
    entropyOf(plain) >= minBits
  );
}
