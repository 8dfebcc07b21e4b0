/** A packet up to this length is copied to its neighbours: one write for many keystrokes, none of them for a packet of bulk data. */
const small = 8 * 1024;

/** The same bytes in the same order, where small ones that follow each other are one. */
export function joinSmall(packets: readonly Buffer[]): readonly Buffer[] {
  if (packets.length === 1) return packets;
  const joined: Buffer[] = [];
  let row: Buffer[] = [];
  const rowEnds = () => {
    if (row.length > 0) joined.push(row.length === 1 ? row[0]! : Buffer.concat(row));
    row = [];
  };
  for (const packet of packets) {
    if (packet.length <= small) row.push(packet);
    else {
      rowEnds();
      joined.push(packet);
    }
  }
  rowEnds();
  return joined;
}
