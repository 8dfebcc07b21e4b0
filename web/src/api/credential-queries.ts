import { queryOptions } from "@tanstack/react-query";
import { read } from "./request.js";

/** A short-lived password for native clients, as it may be shown. */
export interface NativeCredential {
  readonly id: string;
  readonly user: string;
  readonly subject: { readonly id: string; readonly name: string };
  readonly connection: string;
  readonly addresses: readonly string[];
  readonly madeAt: string;
  readonly expires: string;
  readonly lastUsed: string | null;
}

/** What is answered once, when one is made. */
export interface IssuedCredential {
  readonly credential: NativeCredential;
  readonly password: string;
  readonly place: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly authority: string | null;
  };
  readonly strings: Readonly<Record<string, string>>;
}

export const credentialsQuery = queryOptions({
  queryKey: ["credentials"],
  queryFn: ({ signal }) => read<{ items: readonly NativeCredential[] }>("/credentials?mine=false", { signal }),
  refetchInterval: 10_000,
});
