/** Where the token of a login comes from. */
export interface TokenSource {
  /** A token that is good for some minutes still, renewed silently where that is needed. */
  token(): Promise<string>;
  /** `refused` was not taken: another one, or null where there is none to be had. */
  renew(refused: string): Promise<string | null>;
}

/** A token from the environment: used as it is. */
export function fixedToken(text: string): TokenSource {
  return { token: async () => text, renew: async () => null };
}
