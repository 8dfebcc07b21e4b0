import dnsPacket from "dns-packet";
import { zone } from "../names/names-mode.js";

/** Seconds that an answer may be kept; short, since a connection may come and go while the tunnel runs. */
const ttl = 5;
/** RFC 1035: a packet over UDP without EDNS. */
const plainUdp = 512;
const maxUdp = 1232;

/** A question that was understood. */
export interface Question {
  /** Ours to answer, or somebody else's. */
  readonly ours: boolean;
  /** Lower case, without a final dot. */
  readonly name: string;
  readonly type: string;
  /** Bytes that the asker takes over UDP. */
  readonly udpLimit: number;
  readonly packet: dnsPacket.DecodedPacket;
}

/** Reads a query; null: not one, and nothing is answered (an answer to noise would help those who spoof). */
export function readQuery(bytes: Buffer): Question | null {
  let packet: dnsPacket.DecodedPacket;
  try {
    packet = dnsPacket.decode(bytes);
  } catch {
    return null;
  }
  const question = packet.questions?.[0];
  const opcode = (bytes[2]! >> 3) & 0x0f;
  if (packet.type !== "query" || opcode !== 0 || packet.questions?.length !== 1 || !question) return null;
  // What is not printable would not come back as it came.
  if (question.class !== "IN" || !/^[\x21-\x7e]{1,253}$/.test(question.name) || hasDotInLabel(bytes)) return null;
  const name = question.name.toLowerCase();
  const edns = packet.additionals?.find((record) => record.type === "OPT");
  return {
    ours: name === zone || name.endsWith(`.${zone}`),
    name,
    type: question.type,
    udpLimit: edns ? Math.min(Math.max(edns.udpPayloadSize, plainUdp), maxUdp) : plainUdp,
    packet,
  };
}

/** A dot inside of a label looks like a separator once it is text: the name that goes back would be another one. */
function hasDotInLabel(bytes: Buffer): boolean {
  const firstName = 12;
  for (let at = firstName, length = bytes[at]; length; at += length + 1, length = bytes[at]) {
    // A compressed name has nothing before it to point to.
    if (length > 63 || bytes.subarray(at + 1, at + 1 + length).includes(0x2e)) return true;
  }
  return false;
}

/**
 * The answer to a question about our zone, from `names` (`pg-demo.hoop` → address). An unknown name gets NXDOMAIN, a known
 * one without such a record an empty answer, both with the SOA that lets resolvers keep them (RFC 2308).
 */
export function answerOurs({ packet, name, type }: Question, names: ReadonlyMap<string, string>): Buffer {
  const address = names.get(name);
  const known = address !== undefined || name === zone;
  const answers: dnsPacket.Answer[] = [];
  // The name goes back in the very letters it came in: some resolvers mix them as a nonce.
  const asked = packet.questions![0]!.name;
  if (address !== undefined && (type === "A" || type === "ANY"))
    answers.push({ type: "A", name: asked, ttl, data: address });
  if (name === zone && (type === "SOA" || type === "ANY")) answers.push(soa);
  return encode(packet, known ? 0 : 3, answers, answers.length === 0 ? [soa] : []);
}

/** An answer with a code and nothing else: 2 server failure, 5 refused. */
export function answerCode({ packet }: Question, code: 2 | 5): Buffer {
  return encode(packet, code, [], []);
}

/** An answer too long for UDP: none of it, and the bit that says to ask over TCP. */
export function answerTruncated({ packet }: Question): Buffer {
  return encode(packet, dnsPacket.TRUNCATED_RESPONSE, [], []);
}

const soa: dnsPacket.Answer = {
  type: "SOA",
  name: zone,
  ttl,
  data: { mname: `ns.${zone}`, rname: `nobody.${zone}`, serial: 1, refresh: 60, retry: 60, expire: 60, minimum: ttl },
};

function encode(
  query: dnsPacket.DecodedPacket,
  flags: number,
  answers: dnsPacket.Answer[],
  authorities: dnsPacket.Answer[],
): Buffer {
  const authoritative = flags === 0 || flags === 3 ? dnsPacket.AUTHORITATIVE_ANSWER : 0;
  const asked = query.flag_rd ? dnsPacket.RECURSION_DESIRED : 0;
  const edns = query.additionals?.some((record) => record.type === "OPT");
  return dnsPacket.encode({
    type: "response",
    id: query.id ?? 0,
    flags: authoritative | asked | dnsPacket.RECURSION_AVAILABLE | flags,
    questions: query.questions ?? [],
    answers,
    authorities,
    additionals: edns
      ? [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize: maxUdp,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  });
}
