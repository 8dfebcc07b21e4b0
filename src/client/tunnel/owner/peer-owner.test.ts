import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { procOwnerSource } from "./peer-owner.js";
import { hexAddress, hexEnd, hexMappedAddress } from "./tcp-table.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hoop-proc-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ends = { clientAddress: "127.0.0.1", clientPort: 50_000, address: "127.77.1.1", ports: [5432, 5433] };
const row = (local: string, remote: string, uid: number, inode: number) =>
  `   2: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000 ${uid} 0 ${inode} 2 0 20 4 30 10 -1\n`;
const v4 = (port: number, uid: number, inode: number) =>
  row(hexEnd(hexAddress("127.0.0.1"), 50_000), hexEnd(hexAddress("127.77.1.1"), port), uid, inode);

describe("the owner of a connecting socket", () => {
  it("is the uid of its row", async () => {
    writeFileSync(join(folder, "tcp"), v4(5432, 1000, 7));
    expect(await procOwnerSource(folder).ownerOf(ends)).toBe(1000);
  });

  it("is found when the client dialled the port that is redirected", async () => {
    writeFileSync(join(folder, "tcp"), v4(5433, 1001, 7));
    expect(await procOwnerSource(folder).ownerOf(ends)).toBe(1001);
  });

  it("is that of the port which is ours, whoever has the same port of his own open to the published one", async () => {
    const source = procOwnerSource(folder);
    const filler = row("0100007F:0001", "0100007F:0002", 5, 5).repeat(1000);
    writeFileSync(join(folder, "tcp"), v4(5433, 1000, 7) + filler + v4(5432, 1001, 8));
    expect(await source.ownerOf(ends)).toBe(1001);
    writeFileSync(join(folder, "tcp"), v4(5433, 0, 0) + filler + v4(5432, 1001, 8));
    expect(await source.ownerOf(ends)).toBe(1001);
    writeFileSync(join(folder, "tcp"), v4(5433, 1000, 7) + filler + v4(5432, 0, 0));
    expect(await source.ownerOf(ends)).toBeNull();
  });

  it("is found for sockets of the IPv6 family, such as Java's", async () => {
    writeFileSync(join(folder, "tcp"), "");
    writeFileSync(
      join(folder, "tcp6"),
      row(hexEnd(hexMappedAddress("127.0.0.1"), 50_000), hexEnd(hexMappedAddress("127.77.1.1"), 5432), 1002, 7),
    );
    expect(await procOwnerSource(folder).ownerOf(ends)).toBe(1002);
  });

  it("is nobody when the socket was closed already: its row says root", async () => {
    writeFileSync(join(folder, "tcp"), v4(5432, 0, 0));
    expect(await procOwnerSource(folder).ownerOf(ends)).toBeNull();
  });

  it("is nobody when there is no row, or no table", async () => {
    expect(await procOwnerSource(folder).ownerOf(ends)).toBeNull();
    writeFileSync(join(folder, "tcp"), v4(5434, 1000, 7));
    expect(await procOwnerSource(folder).ownerOf(ends)).toBeNull();
  });

  it("answers many at once from tables read after each was asked", async () => {
    writeFileSync(join(folder, "tcp"), "");
    const source = procOwnerSource(folder);
    const first = source.ownerOf({ ...ends, clientPort: 1 });
    writeFileSync(join(folder, "tcp"), v4(5432, 1000, 7));
    const later = await Promise.all(Array.from({ length: 50 }, () => source.ownerOf(ends)));
    expect(new Set(later)).toEqual(new Set([1000]));
    expect(await first).toBeNull();
  });
});
