import { x509 } from "./x509.js";

const oid = "2.5.29.30";

/** One DER element with a definite length below 64 KiB. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length =
    body.length < 0x80
      ? [body.length]
      : body.length < 0x100
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), body]);
}

const sequence = 0x30;
const dNSName = 0x82;
const iPAddress = 0x87;
const permittedSubtrees = 0xa0;
const excludedSubtrees = 0xa1;

/**
 * Critical name constraints (RFC 5280, 4.2.1.10): names under `suffix` and nothing else; no address at all, because a
 * permitted name alone says nothing of addresses. The suffix stands without a leading dot: that is the RFC's form for
 * "this name and all below"; with a dot OpenSSL and Go understand it too, Java refuses every name.
 */
export function nameConstraints(suffix: string): InstanceType<typeof x509.Extension> {
  const permitted = der(permittedSubtrees, der(sequence, der(dNSName, Buffer.from(suffix, "ascii"))));
  const everyIpv4 = der(sequence, der(iPAddress, Buffer.alloc(8)));
  const everyIpv6 = der(sequence, der(iPAddress, Buffer.alloc(32)));
  const excluded = der(excludedSubtrees, everyIpv4, everyIpv6);
  return new x509.Extension(oid, true, new Uint8Array(der(sequence, permitted, excluded)));
}
