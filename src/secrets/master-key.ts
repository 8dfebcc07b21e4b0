import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { HoopError } from "../vocabulary/index.js";

/** Where the master key comes from. `key` and `previous` are base64 of 32 bytes. */
export interface MasterKeySource {
  /** HOOP_MASTER_KEY */
  readonly key?: string | undefined;
  /** HOOP_MASTER_KEY_FILE */
  readonly keyFile?: string | undefined;
  /** HOOP_MASTER_KEY_PREVIOUS: the key before a rotation; data keys sealed under it are sealed anew at start. */
  readonly previous?: string | undefined;
  /** With neither key nor file, `master.key` is created here once, readable by its owner only. */
  readonly stateFolder: string;
}

export interface MasterKeys {
  readonly current: MasterKey;
  readonly previous: MasterKey | null;
  /** The file that was read or made; null: the key was given as text. */
  readonly file: string | null;
}

/** The key above all keys. It seals data keys and nothing else, by keys derived for each purpose and record. */
export class MasterKey {
  readonly #key: Buffer;
  /** Names the key without telling anything about it. */
  readonly id: string;

  constructor(bytes: Uint8Array) {
    if (bytes.length !== 32)
      throw new HoopError("invalid", `a master key has 32 bytes, this one has ${bytes.length}`, {
        hint: "openssl rand -base64 32",
      });
    this.#key = Buffer.from(bytes);
    this.id = Buffer.from(hkdfSync("sha256", this.#key, "", "hoop master key id v1", 8)).toString("hex");
  }

  /** The key that seals one data key: HKDF-SHA-256 with the purpose and the data key's id as its label. */
  sealingKey(purpose: string, dataKeyId: string): KeyObject {
    return createSecretKey(
      Buffer.from(hkdfSync("sha256", this.#key, "", `hoop data key v1/${purpose}/${dataKeyId}`, 32)),
    );
  }

  toJSON(): string {
    return `[master key ${this.id}]`;
  }
}

/** Reads the master key, or makes one at the first start. Throws HoopError `invalid` where it is not 32 bytes of base64. */
export function loadMasterKey(source: MasterKeySource): MasterKeys {
  if (source.key !== undefined && source.keyFile !== undefined) {
    throw new HoopError("invalid", "both HOOP_MASTER_KEY and HOOP_MASTER_KEY_FILE are set; give one");
  }
  const previous =
    source.previous === undefined ? null : new MasterKey(decode(source.previous, "HOOP_MASTER_KEY_PREVIOUS"));
  if (source.key !== undefined)
    return { current: new MasterKey(decode(source.key, "HOOP_MASTER_KEY")), previous, file: null };
  const file = source.keyFile ?? join(source.stateFolder, "master.key");
  if (source.keyFile === undefined) createOnce(file, source.stateFolder);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new HoopError("invalid", `the master key file ${file} cannot be read`, {
      hint: "HOOP_MASTER_KEY_FILE",
      cause,
    });
  }
  return { current: new MasterKey(decode(text, file)), previous, file };
}

function decode(text: string, from: string): Buffer {
  const trimmed = text.trim();
  // Buffer.from skips what is not base64; a mistyped key must not become another key.
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed))
    throw new HoopError("invalid", `${from} is not base64 of 32 bytes`, { hint: "openssl rand -base64 32" });
  return Buffer.from(trimmed, "base64");
}

function createOnce(file: string, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) {
    const made = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
    const descriptor = openSync(made, "wx", 0o600);
    try {
      writeSync(descriptor, `${randomBytes(32).toString("base64")}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    try {
      // A link never replaces: of two first starts at once, one key wins and both use it.
      linkSync(made, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST")
        throw new HoopError("internal", `the master key file ${file} cannot be made`, { cause: error });
    } finally {
      rmSync(made, { force: true });
    }
  }
  if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
    throw new HoopError("precondition-failed", `the master key file ${file} can be read by others`, {
      hint: `chmod 600 ${file}`,
    });
  }
}
