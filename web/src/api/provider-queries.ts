import { queryOptions } from "@tanstack/react-query";
import { read } from "./request.js";

export type ProviderKind = "oidc" | "saml" | "ldap";

/** A way to sign in, as the sign-in page offers it. */
export interface SignInWay {
  readonly name: string;
  readonly title: string;
  readonly kind: ProviderKind;
  /** Where the browser goes; null: name and password are asked for here. */
  readonly start: string | null;
}

export interface SignInWays {
  readonly items: readonly SignInWay[];
  readonly localPasswords: boolean;
}

export interface ProviderSettings {
  readonly kind: ProviderKind;
  readonly title: string;
  readonly enabled: boolean;
  readonly groups: readonly { readonly from: string; readonly to: string }[];
  readonly [setting: string]: unknown;
}

export interface Provider {
  readonly name: string;
  readonly settings: ProviderSettings;
  readonly hasSecret: boolean;
  readonly source: "configuration" | "store";
  readonly redirectUri: string | null;
  readonly logoutUri: string | null;
  readonly metadataUri: string | null;
}

export const signInWaysQuery = queryOptions({
  queryKey: ["sign-in-ways"],
  queryFn: ({ signal }) => read<SignInWays>("/login/providers", { signal }),
  staleTime: 30_000,
});

export const providersQuery = queryOptions({
  queryKey: ["providers"],
  queryFn: ({ signal }) => read<{ items: readonly Provider[] }>("/providers", { signal }),
});
