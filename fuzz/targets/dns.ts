import dnsPacket from "dns-packet";
import { answerCode, answerOurs, answerTruncated, readQuery } from "../../src/client/tunnel/dns/answer-query.js";
import { Finding, type FuzzTarget } from "../target.js";

const names = new Map([["pg-demo.hoop", "127.77.0.5"]]);

/** Packets from anybody on this machine: answered by the book or not at all. */
export const dns: FuzzTarget = {
  name: "dns",
  seeds: () =>
    (["A", "AAAA", "SOA", "ANY", "TXT"] as const).flatMap((type) =>
      ["pg-demo.hoop", "PG-Demo.HOOP", "nobody.hoop", "hoop", "example.org"].map((name) =>
        dnsPacket.encode({
          type: "query",
          id: 7,
          flags: dnsPacket.RECURSION_DESIRED,
          questions: [{ type: type as "A", name }],
        }),
      ),
    ),
  run(input) {
    const question = readQuery(input);
    if (!question) return "not a query";
    for (const answer of [answerOurs(question, names), answerCode(question, 5), answerTruncated(question)]) {
      const read = dnsPacket.decode(answer);
      if (read.type !== "response" || read.id !== question.packet.id) throw new Finding("an answer to something else");
      // A label with a dot in it cannot come back: the packet library knows names as text only.
      if (labels(read) !== labels(question.packet)) throw new Finding("the question did not come back as it was");
    }
    const first = dnsPacket.decode(answerOurs(question, names)).answers ?? [];
    const known = names.has(question.name);
    if (first.some((record) => record.type === "A") && !known) throw new Finding(`an address for ${question.name}`);
    return `${question.ours} ${known} ${first.length}`;
  },
};

function labels(packet: dnsPacket.Packet): string {
  return (packet.questions?.[0]?.name ?? "").split(".").filter(Boolean).join(".");
}
