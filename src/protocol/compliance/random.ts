/** An integer from 0 up to, not including, `below`. */
export type Random = (below: number) => number;

/** A stream of numbers that is the same for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random(256)));
}

const edges = [0x00, 0x01, 0x7f, 0x80, 0xff];

/** A copy with one to four changes: bytes replaced, taken out, doubled, cut off or put in. */
export function mutated(random: Random, bytes: Buffer): Buffer {
  let out = Buffer.from(bytes);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(out.length + 1);
    const end = Math.min(out.length, at + 1 + random(8));
    const kind = random(7);
    if (kind === 0 && at < out.length) out[at] = random(256);
    else if (kind === 1 && at < out.length) out[at] = edges[random(edges.length)]!;
    else if (kind === 2 && at < out.length) out[at] = out[at]! ^ (1 << random(8));
    else if (kind === 3) out = Buffer.concat([out.subarray(0, at), out.subarray(end)]);
    else if (kind === 4) out = Buffer.concat([out.subarray(0, end), out.subarray(at)]);
    else if (kind === 5) out = out.subarray(0, at);
    else out = Buffer.concat([out.subarray(0, at), randomBytes(random, 1 + random(8)), out.subarray(at)]);
  }
  return out;
}
