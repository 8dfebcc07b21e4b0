import { isAscii } from "node:buffer";
import { HoopError } from "../../../vocabulary/index.js";

/** Their trail bytes can be a quote or a backslash: two readers of one text may disagree on where a literal ends. */
const unsafe = new Set([
  ...["sjis", "shiftjis", "mskanji", "win932", "windows932", "shiftjis2004", "big5", "win950", "windows950"],
  ...["gbk", "win936", "windows936", "uhc", "win949", "windows949", "gb18030", "johab"],
]);

/** PostgreSQL compares encoding names without case and punctuation. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

export function isUnsafeEncoding(name: string): boolean {
  return unsafe.has(plain(name));
}

const labels: Readonly<Record<string, string>> = {
  utf8: "utf-8",
  unicode: "utf-8",
  euccn: "gb2312",
  eucjp: "euc-jp",
  euckr: "euc-kr",
  koi8r: "koi8-r",
  koi8u: "koi8-u",
  latin2: "iso-8859-2",
  latin7: "iso-8859-13",
  latin8: "iso-8859-14",
  latin9: "iso-8859-15",
  latin10: "iso-8859-16",
  win1250: "windows-1250",
  win1251: "windows-1251",
  win1252: "windows-1252",
  win1253: "windows-1253",
  win1254: "windows-1254",
  win1255: "windows-1255",
  win1256: "windows-1256",
  win1257: "windows-1257",
  win1258: "windows-1258",
  win866: "ibm866",
};

/** Text of one client_encoding. */
export class TextCodec {
  readonly name: string;
  readonly utf8: boolean;
  readonly #decoder: InstanceType<typeof TextDecoder> | null;

  constructor(name: string) {
    this.name = name;
    const label = labels[plain(name)];
    this.utf8 = label === "utf-8";
    // An encoding that Node does not know is read byte by byte: ASCII is the same in all that are not refused, and a name
    // beyond it matches nothing in the catalogue, which is then unknown and not allowed.
    this.#decoder = label === undefined ? null : new TextDecoder(label, { fatal: true, ignoreBOM: true });
  }

  /** @throws HoopError `malformed` when the bytes are not text of this encoding: nobody could say what the target reads. */
  decode(bytes: Buffer): string {
    // ASCII is the same in all of them; the decoder costs more than the rest of a short statement.
    if (this.#decoder === null || isAscii(bytes)) return bytes.toString("latin1");
    try {
      return this.#decoder.decode(bytes);
    } catch (cause) {
      throw new HoopError("malformed", `the statement is not valid ${this.name} text`, { cause });
    }
  }

  /** For showing and masking: what is not text becomes U+FFFD. */
  decodeLoosely(bytes: Buffer): string {
    return this.utf8 ? bytes.toString("utf8") : this.#decodeOr(bytes);
  }

  #decodeOr(bytes: Buffer): string {
    try {
      return this.decode(bytes);
    } catch {
      return bytes.toString("latin1");
    }
  }

  /** Outside of UTF-8 only ASCII is sure; the rest becomes `?`. */
  encode(text: string): Buffer {
    return this.utf8 ? Buffer.from(text, "utf8") : Buffer.from(text.replace(/[^\x20-\x7e\t\r\n]/gu, "?"), "latin1");
  }
}
