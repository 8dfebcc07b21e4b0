import { lookup as systemLookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { HoopError } from "../vocabulary/index.js";

/** Where nothing of ours is ever sent: services that hand out a machine's credentials, and what is valid on one link only. */
const refused = new BlockList();
refused.addSubnet("169.254.0.0", 16, "ipv4");
refused.addSubnet("fe80::", 10, "ipv6");
refused.addAddress("fd00:ec2::254", "ipv6");
refused.addAddress("fd20:ce::254", "ipv6");
refused.addAddress("100.100.100.200", "ipv4");
refused.addAddress("168.63.129.16", "ipv4");
refused.addSubnet("0.0.0.0", 8, "ipv4");
refused.addAddress("::", "ipv6");
refused.addSubnet("224.0.0.0", 4, "ipv4");
refused.addSubnet("ff00::", 8, "ipv6");
refused.addAddress("255.255.255.255", "ipv4");

/** Whether something may be sent there; an IPv4 address in IPv6's clothes is judged as what it is. */
export function maySendTo(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const kind = isIP(plain);
  if (kind === 0) return false;
  const mapped = kind === 6 ? mappedIpv4(plain) : null;
  return mapped === null ? !refused.check(plain, kind === 4 ? "ipv4" : "ipv6") : !refused.check(mapped, "ipv4");
}

/** The IPv4 address inside of `::ffff:0:0/96` and `64:ff9b::/96`, in whichever spelling; null: there is none. */
function mappedIpv4(address: string): string | null {
  const { hostname } = new URL(`http://[${address}]`);
  const found = /^\[(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname);
  if (found === null) return null;
  const number = (Number.parseInt(found[1]!, 16) << 16) | Number.parseInt(found[2]!, 16);
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

/** Throws HoopError `denied`. */
export function checkAddress(host: string): void {
  if (isIP(host.replace(/^\[|\]$/g, "")) !== 0 && !maySendTo(host)) throw notThere(host);
}

function notThere(host: string): HoopError {
  return new HoopError("denied", `${host} is a metadata service, link-local or no single host; nothing is sent there`);
}

/** As the system looks names up, with every address judged: what is connected to is what was judged. */
export function judgedLookup(base: typeof systemLookup = systemLookup): LookupFunction {
  return (host, options, done) => {
    base(host, { ...options, all: true }, (error, found) => {
      if (error) return done(error, "", 0);
      const list = found as unknown as { address: string; family: number }[];
      const good = list.filter(({ address }) => maySendTo(address));
      if (good.length === 0) return done(notThere(host) as unknown as NodeJS.ErrnoException, "", 0);
      if (options.all) return (done as unknown as (error: null, all: typeof good) => void)(null, good);
      done(null, good[0]!.address, good[0]!.family);
    });
  };
}
