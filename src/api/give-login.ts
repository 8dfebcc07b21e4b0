import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Assurance, FactorsView, SignedIn, TokenPair } from "../identity/index.js";
import type { Subject } from "../vocabulary/index.js";
import { csrfTokenFor, setBrowserCookie } from "./access.js";
import type { RouteContext } from "./app.js";
import { iso, subjectSchema, timeSchema } from "./schemas.js";

const noticesSchema = z
  .array(z.string())
  .describe("What its owner should know: few recovery codes, a second factor that will be asked for.");
const codesSchema = z
  .array(z.string())
  .nullable()
  .optional()
  .describe("Of a second factor that was just made; shown once.");

export const tokensSchema = z
  .object({
    accessToken: z.string(),
    accessExpires: timeSchema,
    refreshToken: z.string(),
    refreshExpires: timeSchema,
    subject: subjectSchema,
    notices: noticesSchema.optional(),
    recoveryCodes: codesSchema,
  })
  .meta({
    id: "Tokens",
    description: "Shown once. The refresh token is good for one renewal; used twice, the login ends.",
  });
const browserSchema = z.object({
  subject: subjectSchema,
  csrfToken: z.string().describe("Goes into X-CSRF-Token of every write."),
  expires: timeSchema,
  notices: noticesSchema.optional(),
  recoveryCodes: codesSchema,
});
export const signedInSchema = z.union([tokensSchema, browserSchema]);

/** The end of every way to sign in: writes it down, and gives the tokens or sets the cookie. */
export async function giveLogin(
  { deps, change }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { subject, as, provider }: SignedIn,
  assurance: Assurance,
  how: string,
): Promise<z.infer<typeof signedInSchema>> {
  const { logins, factors } = deps.identity;
  await change({ subject }, async () => ({
    answer: null,
    entry: { what: "login", target: subject.name, before: null, after: { how: `${how} (${as})`, from: request.ip } },
  }));
  const whole = provider === undefined ? assurance : { ...assurance, provider };
  const asker = { client: request.headers["user-agent"] ?? "unknown", address: request.ip };
  const notices = noticesOf(await factors.view(subject.id), deps.now ?? Date.now);
  if (as === "tokens") return { ...tokensOf(await logins.issue(subject.id, asker, whole)), notices };
  const login = await logins.issueBrowser(subject.id, asker, whole);
  setBrowserCookie(request, reply, login.token, login.expires);
  return {
    subject: shownSubject(login.subject),
    csrfToken: csrfTokenFor(login.token),
    expires: iso(login.expires),
    notices,
  };
}

export function tokensOf(pair: TokenPair): z.infer<typeof tokensSchema> {
  return {
    accessToken: pair.accessToken,
    accessExpires: iso(pair.accessExpires),
    refreshToken: pair.refreshToken,
    refreshExpires: iso(pair.refreshExpires),
    subject: shownSubject(pair.subject),
  };
}

/** What their owner should know about their second factors. */
export function noticesOf({ obligation, factors, codesLeft, fewCodes }: FactorsView, now: () => number): string[] {
  const notices: string[] = [];
  if (obligation.required && factors.length === 0) {
    const days = Math.ceil((obligation.deadline.getTime() - now()) / 86_400_000);
    const when = days <= 0 ? "now" : days === 1 ? "from tomorrow" : `in ${days} days`;
    notices.push(`you need a second factor to sign in ${when}: hoop mfa enrol`);
  }
  if (fewCodes)
    notices.push(
      `${codesLeft === 0 ? "no" : codesLeft} recovery code${codesLeft === 1 ? " is" : "s are"} left: hoop mfa codes`,
    );
  return notices;
}

function shownSubject(subject: Subject): z.infer<typeof subjectSchema> {
  return { ...subject, groups: [...subject.groups] };
}
