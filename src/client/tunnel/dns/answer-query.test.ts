import dnsPacket from "dns-packet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerOurs, readQuery } from "./answer-query.js";

const names = new Map([["pg-demo.hoop", "127.77.4.5"]]);

function ask(
  name: string,
  type: dnsPacket.RecordType,
  additionals: dnsPacket.Packet["additionals"] = [],
): dnsPacket.DecodedPacket {
  const query = dnsPacket.encode({
    type: "query",
    id: 4711,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type, name }],
    additionals,
  });
  const question = readQuery(query)!;
  return dnsPacket.decode(answerOurs(question, names));
}

const rcode = (packet: dnsPacket.DecodedPacket) => (packet.flags ?? 0) & 15;

describe("an answer about our zone", () => {
  it("is the address, under the name as it was asked", () => {
    const reply = ask("pG-dEmO.HOOP", "A");
    expect(reply.id).toBe(4711);
    expect(reply.questions![0]!.name).toBe("pG-dEmO.HOOP");
    expect(reply.answers).toMatchObject([{ type: "A", name: "pG-dEmO.HOOP", data: "127.77.4.5" }]);
    expect([rcode(reply), reply.flag_aa, reply.flag_rd, reply.flag_ra]).toEqual([0, true, true, true]);
  });

  it("is empty with the SOA for another type of a known name", () => {
    const reply = ask("pg-demo.hoop", "AAAA");
    expect([rcode(reply), reply.answers]).toEqual([0, []]);
    expect(reply.authorities).toMatchObject([{ type: "SOA", name: "hoop" }]);
  });

  it.each(["pg-dem.hoop", "a.pg-demo.hoop"])("is NXDOMAIN with the SOA for %s", (name) => {
    const reply = ask(name, "A");
    expect(rcode(reply)).toBe(3);
    expect(reply.authorities).toMatchObject([{ type: "SOA" }]);
  });

  it("tells about the zone itself", () => {
    expect(ask("hoop", "SOA").answers).toMatchObject([{ type: "SOA" }]);
    expect(rcode(ask("hoop", "A"))).toBe(0);
  });

  it("speaks EDNS with those who do, and not with others", () => {
    const opt: dnsPacket.OptAnswer = {
      type: "OPT",
      name: ".",
      udpPayloadSize: 4096,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    };
    expect(ask("pg-demo.hoop", "A", [opt]).additionals).toMatchObject([{ type: "OPT", udpPayloadSize: 1232 }]);
    expect(ask("pg-demo.hoop", "A").additionals).toEqual([]);
  });
});

describe("reading a query", () => {
  it("knows whose name it is", () => {
    const ours = (name: string) =>
      readQuery(dnsPacket.encode({ type: "query", id: 1, questions: [{ type: "A", name }] }))?.ours;
    expect([ours("x.hoop"), ours("HOOP"), ours("xhoop"), ours("hoop.example.com")]).toEqual([true, true, false, false]);
  });

  it("never throws on noise, nor answers it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const question = readQuery(Buffer.from(bytes));
        if (question) expect(answerOurs(question, names).length).toBeGreaterThan(12);
      }),
      { numRuns: 2_000 },
    );
    expect(readQuery(Buffer.alloc(0))).toBeNull();
    const reply = dnsPacket.encode({ type: "response", id: 1, questions: [{ type: "A", name: "x.hoop" }] });
    expect(readQuery(reply)).toBeNull();
  });

  it("survives any byte of a good query being changed", () => {
    const good = dnsPacket.encode({ type: "query", id: 1, questions: [{ type: "A", name: "pg-demo.hoop" }] });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
        const bytes = Buffer.from(good);
        bytes[at] = value;
        const question = readQuery(bytes);
        if (question) dnsPacket.decode(answerOurs(question, names));
      }),
    );
  });

  it("is none for a name with a dot inside of a label, which would go back as another name", () => {
    const query = dnsPacket.encode({
      type: "query",
      id: 1,
      flags: 0,
      questions: [{ type: "A", name: "pg-demo.hoop" }],
    });
    expect(readQuery(query)).not.toBeNull();
    query[12 + 3] = 0x2e;
    expect(readQuery(query)).toBeNull();
  });
});
