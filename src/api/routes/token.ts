import { z } from "zod";
import { HoopError } from "../../vocabulary/index.js";
import type { App, Routes } from "../app.js";

const grant = "urn:ietf:params:oauth:grant-type:token-exchange";
const jwt = "urn:ietf:params:oauth:token-type:jwt";
const idToken = "urn:ietf:params:oauth:token-type:id_token";
const accessToken = "urn:ietf:params:oauth:token-type:access_token";
const bodyLimit = 32_768;
// A signature that is checked costs little, and pipelines of many people share an address.
const rateLimit = { max: 600, timeWindow: 60_000 };

const bodySchema = z.object({
  grant_type: z.literal(grant).default(grant),
  subject_token: z
    .string()
    .max(16_384)
    .optional()
    .describe("A workload token of a trusted issuer, or left out with a service account's key as bearer."),
  subject_token_type: z.enum([jwt, idToken, accessToken]).optional(),
  requested_subject: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe("The person to act for, by name, or a delegation's id."),
});

/** Short tokens for machines (after RFC 8693). */
export const tokenRoutes: Routes = (api, { deps, change }) => {
  // A scope of its own: only here are forms taken, as the RFC has it.
  api.register(async (scope) => {
    const app = scope as App;
    app.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit },
      (_request, body, done) => {
        done(null, Object.fromEntries(new URLSearchParams(String(body))));
      },
    );
    app.route({
      method: "POST",
      url: "/token",
      bodyLimit,
      config: { access: "public", rateLimit },
      schema: {
        summary: "Exchange a workload token for a short access token, or get one to act for a person",
        description:
          "JSON or a form. A workload token goes into `subject_token`; a service account's key goes into the Authorization header and needs `requested_subject`. What may be got is what trusts and delegations say.",
        tags: ["machines"],
        body: bodySchema,
        response: {
          200: z.object({
            access_token: z.string(),
            issued_token_type: z.literal(accessToken),
            token_type: z.literal("Bearer"),
            expires_in: z.number().int().describe("Seconds."),
            subject: z.string(),
            on_behalf_of: z.string().nullable(),
          }),
        },
      },
      handler: async (request) => {
        const { subject_token: workload, requested_subject: person } = request.body;
        const bearer = /^bearer ([\x21-\x7e]{1,256})$/i.exec(request.headers.authorization ?? "")?.[1];
        if ((workload === undefined) === (bearer === undefined))
          throw new HoopError(
            "invalid",
            "give a workload token as subject_token, or a service account's key as bearer",
          );
        const by = workload === undefined ? { token: bearer! } : { workload };
        const client = request.headers["user-agent"] ?? "unknown";
        const given = await change(null, async () => {
          const answer = await deps.machines.exchange({ by, onBehalfOf: person ?? null, client, address: request.ip });
          const what = answer.subject.onBehalfOf === undefined ? "login.federated" : "login.on-behalf";
          return {
            answer,
            by: answer.subject,
            entry: { what, target: answer.subject.name, before: null, after: answer.how },
          };
        });
        return {
          access_token: given.accessToken,
          issued_token_type: accessToken as typeof accessToken,
          token_type: "Bearer" as const,
          expires_in: Math.max(0, Math.floor((given.expires.getTime() - (deps.now ?? Date.now)()) / 1_000)),
          subject: given.subject.name,
          on_behalf_of: given.subject.onBehalfOf?.name ?? null,
        };
      },
    });
  });
};
