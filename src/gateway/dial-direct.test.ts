import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { parseAddress } from "../transport/addresses.js";
import { dialDirect, directAddresses } from "./dial-direct.js";

const never = async (): Promise<never> => {
  throw new Error("nobody is to be asked");
};
const v6 = (text: string) => parseAddress(text)!.text;

describe("the gateway dials a target itself", () => {
  it.each([
    ["10.1.2.3", ["10.1.2.3"]],
    ["127.0.0.1", ["127.0.0.1"]],
    ["::1", [v6("::1")]],
    ["fd00::5", [v6("fd00::5")]],
    ["::ffff:10.1.2.3", ["10.1.2.3"]],
    ["localhost", ["127.0.0.1", "::1"]],
    ["LOCALHOST.", ["127.0.0.1", "::1"]],
  ])("at %s", async (host, addresses) => {
    expect(await directAddresses(host, never)).toEqual(addresses);
  });

  it("at the very addresses that a name was judged by, in their order", async () => {
    const asked: string[] = [];
    const resolve = async (name: string) => {
      asked.push(name);
      return ["169.254.169.254", "10.0.0.1", "127.0.0.1", "fd00::1", "::ffff:169.254.169.254"];
    };
    expect(await directAddresses("PG.internal.", resolve)).toEqual(["10.0.0.1", v6("fd00::1")]);
    expect(asked).toEqual(["pg.internal"]);
  });
});

describe("the gateway never dials", () => {
  it.each([
    "169.254.169.254",
    "169.254.170.2",
    "169.254.1.1",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",
    "0.1.2.3",
    "255.255.255.255",
    "224.0.0.1",
    "::",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    // Other spellings that resolvers take for an address.
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "0xa9.254.169.254",
    "127.1",
    "[::1]",
    "",
    ".",
    "pg..",
    "pg internal",
  ])("%s", async (host) => {
    await expect(directAddresses(host, async () => ["10.0.0.1"])).rejects.toMatchObject({ code: "denied" });
  });

  it.each([
    ["loopback", "127.0.0.1"],
    ["IPv6 loopback", "::1"],
    ["metadata", "169.254.169.254"],
    ["mapped metadata", "::ffff:169.254.169.254"],
    ["link-local", "fe80::1"],
    ["the unspecified address", "0.0.0.0"],
  ])("a name that leads to %s", async (_what, address) => {
    await expect(directAddresses("rebind.example", async () => [address])).rejects.toMatchObject({ code: "denied" });
  });

  it("a name that leads nowhere, and says so without the resolver's words", async () => {
    await expect(directAddresses("gone.example", async () => [])).rejects.toMatchObject({ code: "unavailable" });
    await expect(
      directAddresses("gone.example", async () => {
        throw new Error("secret resolver");
      }),
    ).rejects.toMatchObject({ code: "unavailable", message: "the name gone.example does not resolve" });
  });
});

describe("a direct dial", () => {
  const stops: (() => unknown)[] = [];
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  it("goes to what was judged", async () => {
    const server = createServer((socket) => void socket.on("error", () => {})).listen(0, "127.0.0.1");
    await once(server, "listening");
    stops.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const pipe = await dialDirect({ host: "localhost", port, signal: new AbortController().signal, timeoutMs: 5_000 });
    expect(pipe.label).toContain("127.0.0.1");
    pipe.abort({ code: "cancelled", text: "test over" });
  });

  it("waits for no resolver that does not answer", async () => {
    const forever = () => new Promise<never>(() => {});
    await expect(
      dialDirect({ host: "slow.example", port: 1, signal: new AbortController().signal, timeoutMs: 20 }, forever),
    ).rejects.toMatchObject({ code: "timeout" });
    await expect(
      dialDirect({ host: "slow.example", port: 1, signal: AbortSignal.abort(), timeoutMs: 5_000 }, forever),
    ).rejects.toMatchObject({ code: "timeout" });
  });
});
