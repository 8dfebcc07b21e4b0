/**
 * Signatures by which tokens of others are taken: of public keys only, since a shared secret would make a key of ours one that
 * signs for them. A list of our own, and never what a token asks for.
 */
export const signatureAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
