import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { connect } from "node:net";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DnsServer } from "../../src/client/tunnel/dns/dns-server.js";
import { forwardTo, framed } from "../../src/client/tunnel/dns/forward.js";

const run = promisify(execFile);
let server: DnsServer;
const more: { close(): void }[] = [];

beforeEach(async () => {
  server = await DnsServer.listen({ address: "127.78.0.1", port: 0 });
  server.names = new Map([["pg-demo.hoop", "127.78.4.5"]]);
});
afterEach(() => {
  server.close();
  for (const one of more.splice(0)) one.close();
});

async function dig(...words: string[]): Promise<string> {
  const { stdout } = await run("dig", ["@127.78.0.1", "-p", String(server.end.port), "+tries=1", "+time=20", ...words]);
  return stdout;
}

describe("the DNS server, asked by dig", () => {
  it.each([["+notcp"], ["+tcp"], ["+noedns"], ["+edns=0"]])("answers a name with %s", async (option) => {
    expect(await dig(option, "+short", "pg-demo.hoop", "A")).toBe("127.78.4.5\n");
  });

  it("answers upper case, an empty AAAA and a typo at once with the SOA", async () => {
    expect(await dig("PG-Demo.HOOP", "A")).toMatch(/PG-Demo\.HOOP\.\s+5\s+IN\s+A\s+127\.78\.4\.5/);
    const empty = await dig("pg-demo.hoop", "AAAA");
    expect(empty).toContain("status: NOERROR");
    expect(empty).toMatch(/^hoop\.\s+5\s+IN\s+SOA/m);
    const typo = await dig("pg-dem.hoop", "A");
    expect(typo).toContain("status: NXDOMAIN");
    expect(typo).toMatch(/^hoop\.\s+5\s+IN\s+SOA/m);
  });

  it("refuses other names when it has nobody to ask", async () => {
    expect(await dig("example.com")).toContain("status: REFUSED");
  });

  it("answers Node's own resolver", async () => {
    const resolver = new Resolver();
    resolver.setServers([`127.78.0.1:${server.end.port}`]);
    expect(await resolver.resolve4("pg-demo.hoop")).toEqual(["127.78.4.5"]);
    await expect(resolver.resolve4("typo.hoop")).rejects.toMatchObject({ code: "ENOTFOUND" });
  });
});

describe("the DNS server, badly asked", () => {
  it("stays silent on noise over UDP and goes on answering", async () => {
    const socket = createSocket("udp4");
    more.push(socket);
    for (const noise of [Buffer.alloc(0), Buffer.from([1]), Buffer.alloc(12), Buffer.alloc(9_000, 0xff)])
      socket.send(noise, server.end.port, "127.78.0.1");
    expect(await dig("+short", "pg-demo.hoop")).toBe("127.78.4.5\n");
  });

  it("drops who sends noise, or too much, over TCP", async () => {
    for (const bytes of [framed(Buffer.alloc(20, 0xff)), Buffer.from([0xff, 0xff, 1])]) {
      const socket = connect(server.end.port, "127.78.0.1", () => socket.write(bytes));
      await new Promise((resolve) => socket.once("close", resolve));
    }
    expect(await dig("+tcp", "+short", "pg-demo.hoop")).toBe("127.78.4.5\n");
  });

  it("answers several questions on one TCP connection, in pieces of any size", async () => {
    const query = framed(
      Buffer.from("000101000001000000000000 0770672d64656d6f04686f6f700000010001".replace(" ", ""), "hex"),
    );
    const socket = connect(server.end.port, "127.78.0.1");
    more.push({ close: () => socket.destroy() });
    let received = 0;
    socket.on("data", (chunk) => {
      received += chunk.length;
    });
    for (const byte of Buffer.concat([query, query, query])) socket.write(Buffer.from([byte]));
    await expect.poll(() => received).toBeGreaterThan(3 * 40);
  });
});

describe("the DNS server in front of another", () => {
  let front: DnsServer;
  beforeEach(async () => {
    // The other one knows the zone too, under another address: what is forwarded can be told from what is not.
    const port = server.end.port;
    front = await DnsServer.listen(
      { address: "127.78.0.1", port: 0 },
      forwardTo(() => ["127.78.0.1"], port),
    );
    front.names = new Map([["pg-demo.hoop", "127.78.9.9"]]);
    more.push(front);
  });

  it("answers its own names and passes on the others, over UDP and TCP", async () => {
    const ask = async (...words: string[]) =>
      (await run("dig", ["@127.78.0.1", "-p", String(front.end.port), "+tries=1", "+time=20", ...words])).stdout;
    expect(await ask("+short", "pg-demo.hoop")).toBe("127.78.9.9\n");
    for (const option of ["+notcp", "+tcp"]) expect(await ask(option, "example.com")).toContain("status: REFUSED");
  });

  it("says so when the other does not answer", async () => {
    server.close();
    const { stdout } = await run("dig", [
      "@127.78.0.1",
      "-p",
      String(front.end.port),
      "+tries=1",
      "+time=30",
      "example.com",
    ]);
    expect(stdout).toContain("status: SERVFAIL");
    server = await DnsServer.listen({ address: "127.78.0.1", port: 0 });
  });
});
