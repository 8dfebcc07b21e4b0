import { hash } from "node:crypto";

/**
 * An event's id, made from what caused it: told twice, by a replay after a crash or by two replicas, it is the same event.
 * A UUID of version 8 (RFC 9562): its bits are those of a SHA-256.
 *
 * @example eventId("entry", chain, String(seq), "statement.denied")
 */
export function eventId(...parts: readonly string[]): string {
  // The lengths keep ["a", "bc"] and ["ab", "c"] apart.
  const hex = hash("sha256", parts.map((part) => `${part.length}:${part}`).join(""), "hex");
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
