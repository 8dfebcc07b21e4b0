import { z } from "zod";
import { eventType, text } from "./define.js";

export const loginFailed = eventType({
  type: "login.failed",
  summary:
    "Somebody failed to sign in. The subject is the name that was tried; its id is empty where nobody has that name.",
  data: z.object({
    from: text,
    how: text.describe("`password`, `factor`, `ldap`, `oidc` or `saml`."),
    provider: text
      .nullable()
      .describe("The provider that was tried; null: a password of Hoop's own, or its second factor."),
  }),
  about: "nothing",
  sample: { from: "198.51.100.7", how: "password", provider: null },
});

export const loginNewDevice = eventType({
  type: "login.new-device",
  summary: "Somebody signed in from a network that was not known of them.",
  data: z.object({ network: text }),
  about: "nothing",
  sample: { network: "198.51.100.0/24" },
});
