import { MalformedError } from "../../../wire/index.js";
import { write } from "../wire.js";

/** Source: draft-ietf-secsh-filexfer-02, section 3: version 3, which every server and client speaks. */
export const sftp = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 200,
  extendedReply: 201,
} as const;

/** What OpenSSH takes, and a little more. */
const maxPacket = 256 * 1024 + 1024;

/** Cuts a stream into packets: a length of four bytes, then as many (section 3). Bounded by one packet. */
export class PacketCutter {
  #parts: Buffer[] = [];
  #bytes = 0;
  #wanted = 4;

  /** Whole packets, their lengths with them. Throws MalformedError. */
  *push(data: Buffer): Generator<Buffer> {
    this.#parts.push(data);
    this.#bytes += data.length;
    while (this.#bytes >= this.#wanted) {
      const all = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
      this.#parts = [all];
      const length = all.readUInt32BE(0);
      if (length < 1 || length > maxPacket) throw new MalformedError(`an SFTP packet of ${length} bytes`);
      this.#wanted = 4 + length;
      if (all.length < this.#wanted) return;
      const rest = all.subarray(this.#wanted);
      const packet = all.subarray(0, this.#wanted);
      this.#parts = rest.length > 0 ? [rest] : [];
      this.#bytes = rest.length;
      this.#wanted = 4;
      yield packet;
    }
  }
}

const permissionDenied = 3;

/** The answer to a request that must not run. */
export function denied(id: number, text: string): Buffer {
  const body = write(sftp.status).uint32(id).uint32(permissionDenied).string(text).string("en").end();
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}
