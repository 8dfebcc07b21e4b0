import fc from "fast-check";
import { expect, it } from "vitest";
import { joinSmall } from "./join-small.js";

it("keeps every byte in its place, joins what is small, and copies nothing that is large", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 20 }), (lengths) => {
      const packets: readonly Buffer[] = lengths.map((length, at) => Buffer.alloc(length, at));
      const joined = joinSmall(packets);
      expect(Buffer.concat(joined).equals(Buffer.concat(packets))).toBe(true);
      for (const packet of packets) if (packet.length > 8_192) expect(joined).toContain(packet);
      for (const [at, one] of joined.entries())
        if (at > 0) expect(packets.includes(one) || packets.includes(joined[at - 1]!)).toBe(true);
    }),
  );
});
