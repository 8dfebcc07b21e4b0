import { HoopError } from "../../vocabulary/index.js";
import { ApiClient } from "../api-client.js";
import type { Login, ProfileStore } from "./profile-store.js";
import type { TokenSource } from "./token-source.js";

/** A token with less life than this is renewed before it is used. */
const slackMs = 60_000;

/** What the gateway gives for a login, a device code or a refresh token. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly accessExpires: string;
  readonly refreshToken: string;
  readonly refreshExpires: string;
  readonly subject: { readonly name: string };
}

/** The tokens of a kept login. A refresh token is good once, so renewing holds the store's lock, and looks again first. */
export function loginTokens(store: ProfileStore, url: string): TokenSource {
  let known: Login | null = null;
  const present = () => {
    known = store.find(url);
    if (known === null)
      throw new HoopError("unauthenticated", `you are not logged in at ${url}`, { hint: `hoop login ${url}` });
    return known;
  };
  const renew = (refused: string | null): Promise<string> =>
    store.locked(async () => {
      const login = present();
      // Another process was faster.
      if (refused === null ? fresh(login) : login.accessToken !== refused) return login.accessToken;
      if (Date.parse(login.refreshExpires) <= Date.now())
        throw new HoopError("unauthenticated", "your login has expired", { hint: `hoop login ${url}` });
      const api = new ApiClient({ url, ca: login.ca });
      const issued = await api.post<IssuedTokens>("/login/token", { body: { refreshToken: login.refreshToken } });
      store.put(renewed(login, issued));
      return issued.accessToken;
    });
  return {
    async token() {
      const login = known && fresh(known) ? known : present();
      return fresh(login) ? login.accessToken : renew(null);
    },
    async renew(refused) {
      const token = await renew(refused);
      known = null;
      return token;
    },
  };
}

/** A kept login with what the gateway issued now. */
export function renewed(
  login: Omit<Login, keyof Omit<IssuedTokens, "subject"> | "subject">,
  issued: IssuedTokens,
): Login {
  const { accessToken, accessExpires, refreshToken, refreshExpires, subject } = issued;
  return { ...login, subject: subject.name, accessToken, accessExpires, refreshToken, refreshExpires };
}

function fresh(login: Login): boolean {
  return Date.parse(login.accessExpires) - Date.now() > slackMs;
}
