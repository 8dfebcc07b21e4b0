import { ClippedReader } from "../../wire/index.js";

/** Message numbers. Source: RFC 4250, section 4.1.2. */
export const message = {
  disconnect: 1,
  serviceRequest: 5,
  serviceAccept: 6,
  extInfo: 7,
  userauthRequest: 50,
  userauthFailure: 51,
  userauthSuccess: 52,
  userauthBanner: 53,
  /** Also PK_OK and PASSWD_CHANGEREQ: what 60 to 79 mean depends on the method. */
  userauthInfoRequest: 60,
  userauthInfoResponse: 61,
  globalRequest: 80,
  requestSuccess: 81,
  requestFailure: 82,
  channelOpen: 90,
  channelOpenConfirmation: 91,
  channelOpenFailure: 92,
  channelWindowAdjust: 93,
  channelData: 94,
  channelExtendedData: 95,
  channelEof: 96,
  channelClose: 97,
  channelRequest: 98,
  channelSuccess: 99,
  channelFailure: 100,
} as const;

/** Reads the types of RFC 4251, section 5. Throws MalformedError. */
export class SshReader extends ClippedReader {
  boolean(): boolean {
    return this.uint8() !== 0;
  }

  /** A view, not a copy. */
  string(): Buffer {
    return this.bytes(this.uint32());
  }

  text(): string {
    return this.string().toString("utf8");
  }

  nameList(): readonly string[] {
    const text = this.string().toString("latin1");
    return text === "" ? [] : text.split(",");
  }
}

/** Writes the same types, each call one field. */
export class SshWriter {
  readonly #parts: Uint8Array[] = [];

  byte(value: number): this {
    this.#parts.push(Buffer.of(value));
    return this;
  }

  boolean(value: boolean): this {
    return this.byte(value ? 1 : 0);
  }

  uint32(value: number): this {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(value >>> 0);
    this.#parts.push(bytes);
    return this;
  }

  uint64(value: bigint): this {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64BE(value);
    this.#parts.push(bytes);
    return this;
  }

  /** Bytes are copied at the end, once. */
  string(value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
    this.uint32(bytes.length);
    this.#parts.push(bytes);
    return this;
  }

  raw(value: Uint8Array): this {
    this.#parts.push(value);
    return this;
  }

  end(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export function write(type: number): SshWriter {
  return new SshWriter().byte(type);
}
