/** One published end that another program's wildcard listener covers, and the port that the tunnel really has. */
export interface Redirect {
  readonly address: string;
  readonly port: number;
  readonly to: number;
}

/** The one table that is this tunnel's; nothing outside of it is ever touched, least of all another tunnel's. */
export function nftTable(tag: string): string {
  return `hoop_${tag}`;
}

/**
 * The text for `nft -f -` that makes `table` hold exactly these redirects. One transaction: `add` before `delete`
 * makes the delete succeed whether or not the table was there.
 */
export function nftRules(table: string, redirects: readonly Redirect[]): string {
  const gone = `add table ip ${table}\ndelete table ip ${table}\n`;
  if (redirects.length === 0) return gone;
  const rules = redirects.map(
    // `redirect` would change the address to 127.0.0.1; the connection's own address must stay.
    ({ address, port, to }) => `\t\tip daddr ${address} tcp dport ${port} dnat to ${address}:${to}\n`,
  );
  return `${gone}table ip ${table} {\n\tchain output {\n\t\ttype nat hook output priority -100; policy accept;\n${rules.join("")}\t}\n}\n`;
}
