/**
 * What a statement may do, the same words for every protocol.
 * `unknown` is what nobody could read: never matched by an allow, always matched by a deny.
 */
export const effects = ["read", "write", "define", "destroy", "admin", "execute", "connect", "unknown"] as const;
export type Effect = (typeof effects)[number];
