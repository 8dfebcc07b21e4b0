import ssh2, { type Attributes, type SFTPWrapper } from "ssh2";
import type { Files } from "./files.js";

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

type Open =
  | { readonly kind: "file"; readonly path: string; content: Buffer; readonly writes: boolean }
  | { readonly kind: "folder"; readonly path: string; told: boolean };

const mostOpen = 32;
/** Of files that are being written, all together; a machine that holds them in memory must not be filled by one session. */
const mostUnwritten = 16 * 1024 * 1024;

/** The sample machine's files over SFTP, so that `scp` and `sftp` work. */
export function serveSftp(sftp: SFTPWrapper, files: Files): void {
  const open = new Map<number, Open>();
  let next = 0;
  const handle = (one: Open): Buffer => {
    const id = next++;
    open.set(id, one);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(id);
    return bytes;
  };
  const opened = (bytes: Buffer) => (bytes.length === 4 ? open.get(bytes.readUInt32BE()) : undefined);
  const attributes = (path: string): Attributes | null => {
    const file = files.read(path);
    if (file === null && !files.isFolder(path)) return null;
    return {
      mode: file === null ? 0o040755 : 0o100644,
      uid: 1000,
      gid: 1000,
      size: file?.length ?? 0,
      atime: 0,
      mtime: 0,
    };
  };
  const status = (id: number, code: number) => sftp.status(id, code);
  const stat = (id: number, path: string) => {
    const found = attributes(files.resolve(path));
    if (found) sftp.attrs(id, found);
    else status(id, STATUS_CODE.NO_SUCH_FILE);
  };
  sftp.on("REALPATH", (id, path) => {
    const filename = files.resolve(path);
    sftp.name(id, [{ filename, longname: filename, attrs: attributes(filename) ?? ({} as Attributes) }]);
  });
  sftp.on("STAT", stat);
  sftp.on("LSTAT", stat);
  sftp.on("FSTAT", (id, bytes) => stat(id, opened(bytes)?.path ?? "\0"));
  sftp.on("SETSTAT", (id) => status(id, STATUS_CODE.OK));
  sftp.on("FSETSTAT", (id) => status(id, STATUS_CODE.OK));
  sftp.on("OPEN", (id, name, flags) => {
    if (open.size >= mostOpen) return status(id, STATUS_CODE.FAILURE);
    const path = files.resolve(name);
    const writes = (flags & (OPEN_MODE.WRITE | OPEN_MODE.CREAT | OPEN_MODE.TRUNC | OPEN_MODE.APPEND)) !== 0;
    const found = files.read(path);
    if (found === null && !writes) return status(id, STATUS_CODE.NO_SUCH_FILE);
    const content = (flags & OPEN_MODE.TRUNC) !== 0 || found === null ? Buffer.alloc(0) : found;
    sftp.handle(id, handle({ kind: "file", path, content, writes }));
  });
  sftp.on("READ", (id, bytes, offset, length) => {
    const file = opened(bytes);
    if (file?.kind !== "file") return status(id, STATUS_CODE.FAILURE);
    if (offset >= file.content.length) return status(id, STATUS_CODE.EOF);
    sftp.data(id, file.content.subarray(offset, offset + Math.min(length, 64 * 1024)));
  });
  sftp.on("WRITE", (id, bytes, offset, data) => {
    const file = opened(bytes);
    if (file?.kind !== "file" || !file.writes) return status(id, STATUS_CODE.FAILURE);
    let held = Math.max(offset + data.length - file.content.length, 0);
    for (const one of open.values()) if (one.kind === "file" && one.writes) held += one.content.length;
    if (held > mostUnwritten) return status(id, STATUS_CODE.FAILURE);
    const grown = Buffer.alloc(Math.max(file.content.length, offset + data.length));
    file.content.copy(grown);
    data.copy(grown, offset);
    file.content = grown;
    status(id, STATUS_CODE.OK);
  });
  sftp.on("CLOSE", (id, bytes) => {
    const file = opened(bytes);
    if (!file) return status(id, STATUS_CODE.FAILURE);
    open.delete(bytes.readUInt32BE());
    const kept = file.kind !== "file" || !file.writes || files.write(file.path, file.content);
    status(id, kept ? STATUS_CODE.OK : STATUS_CODE.FAILURE);
  });
  sftp.on("OPENDIR", (id, name) => {
    const path = files.resolve(name);
    if (!files.isFolder(path)) return status(id, STATUS_CODE.NO_SUCH_FILE);
    if (open.size >= mostOpen) return status(id, STATUS_CODE.FAILURE);
    sftp.handle(id, handle({ kind: "folder", path, told: false }));
  });
  sftp.on("READDIR", (id, bytes) => {
    const folder = opened(bytes);
    if (folder?.kind !== "folder") return status(id, STATUS_CODE.FAILURE);
    if (folder.told) return status(id, STATUS_CODE.EOF);
    folder.told = true;
    sftp.name(
      id,
      files.list(folder.path).map((filename) => {
        const attrs = attributes(files.resolve(filename, folder.path)) ?? ({} as Attributes);
        return { filename, longname: `-rw-r--r-- 1 deploy deploy ${attrs.size ?? 0} Jan 1 00:00 ${filename}`, attrs };
      }),
    );
  });
  sftp.on("REMOVE", (id, path) =>
    status(id, files.remove(files.resolve(path)) ? STATUS_CODE.OK : STATUS_CODE.NO_SUCH_FILE),
  );
  sftp.on("end", () => finish(sftp));
}

/**
 * The client has said all that it will: `scp` and `sftp` wait for a status and the end of the channel, and ssh2 gives neither by itself.
 * Its wrapper has no `exit`, as its other channels do, so the status goes by what they send it with.
 */
function finish(sftp: SFTPWrapper): void {
  const { _protocol: protocol, outgoing } = sftp as unknown as WithProtocol;
  if (outgoing.state === "open" || outgoing.state === "eof") protocol.exitStatus(outgoing.id, 0);
  sftp.end();
}

interface WithProtocol {
  readonly _protocol: { exitStatus(channel: number, code: number): void };
  readonly outgoing: { readonly id: number; readonly state: string };
}
