import { describe, expect, it } from "vitest";
import { findConnection, hexAddress, hexEnd, hexMappedAddress, listenersOn } from "./tcp-table.js";

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   105        0 13028 1 00000000798f7ca5 100 0 0 10 0
   1: 09004D7F:3C48 0100007F:DA1C 01 00000000:00000000 00:00000000 00000000     0        0 13030 2 00000000f50e44bf 20 0 0 11 -1
   2: 0100007F:DA1C 09004D7F:1538 01 00000000:00000004 00:00000000 00000000  1000        0 13029 2 0000000075fa7fee 20 4 30 10 -1
   3: 0100007F:DA1D 09004D7F:1538 06 00000000:00000000 03:00001763 00000000     0        0 0 3 0000000075fa7fff
`;

describe("the kernel's table of sockets", () => {
  it("prints addresses in the machine's own byte order", () => {
    expect(hexAddress("127.77.0.9", "LE")).toBe("09004D7F");
    expect(hexAddress("127.77.0.9", "BE")).toBe("7F4D0009");
    expect(hexMappedAddress("127.0.0.1", "LE")).toBe("0000000000000000FFFF00000100007F");
    expect(hexMappedAddress("127.0.0.1", "BE")).toBe("00000000000000000000FFFF7F000001");
  });

  it("finds the client's row by both ends, not our own", () => {
    const local = hexEnd(hexAddress("127.0.0.1", "LE"), 55836);
    const remote = hexEnd(hexAddress("127.77.0.9", "LE"), 5432);
    expect(findConnection(table, local, remote)).toEqual({ state: 1, uid: 1000, inode: 13029 });
    expect(findConnection(table, remote, local)).toBeNull();
  });

  it("shows a closed socket as one without an owner", () => {
    expect(findConnection(table, "0100007F:DA1D", "09004D7F:1538")).toEqual({ state: 6, uid: 0, inode: 0 });
  });

  it("lists who listens on a port", () => {
    expect(listenersOn(table, 5432)).toEqual([{ state: 10, uid: 105, inode: 13028, address: "00000000" }]);
    expect(listenersOn(table, 55836)).toEqual([]);
    expect(listenersOn("", 1)).toEqual([]);
  });
});
