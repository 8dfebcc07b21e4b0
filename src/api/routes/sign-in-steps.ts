import { z } from "zod";
import { type SignedIn, withFactor } from "../../identity/index.js";
import { HoopError } from "../../vocabulary/index.js";
import type { Routes } from "../app.js";
import {
  codeSchema,
  enrolledOf,
  factorAnswerSchema,
  passkeyAnswerSchema,
  passkeyOptionsSchema,
  totpOfferOf,
  totpOfferSchema,
} from "../factor-schemas.js";
import { giveLogin, signedInSchema } from "../give-login.js";
import { siteOf } from "../site.js";

const rateLimit = { max: 60, timeWindow: 60_000 };
const pendingSchema = z.string().min(1).max(200).describe("As POST /login answered it.");

/** The second step of signing in, and signing in by passkey alone. */
export const signInStepRoutes: Routes = (app, context) => {
  const { deps, options, change } = context;
  const { signIns } = deps.identity;

  /** What went wrong with a right password is written down: somebody knows it. */
  async function recordedFailure<T>(pending: string, from: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const subject =
        error instanceof HoopError && error.code === "unauthenticated" ? await signIns.whose(pending) : null;
      if (subject !== null)
        await change({ subject }, async () => ({
          answer: null,
          entry: { what: "login.factor-failed", target: subject.name, before: null, after: { from } },
        }));
      throw error;
    }
  }

  app.route({
    method: "POST",
    url: "/login/factor",
    config: { access: "public", rateLimit },
    schema: {
      summary: "Answer the second factor of a sign-in",
      description:
        "Five tries, then the password is asked for again. What is answered is what POST /login was asked for.",
      tags: ["login"],
      body: z.strictObject({ pending: pendingSchema, answer: factorAnswerSchema }),
      response: { 200: signedInSchema },
    },
    handler: async (request, reply) => {
      const { pending, answer } = request.body;
      const { proof, ...signedIn } = await recordedFailure(pending, request.ip, () =>
        signIns.answer(pending, answer, request.ip),
      );
      return giveLogin(context, request, reply, signedIn, withFactor, `password and ${proof.with}`);
    },
  });

  app.route({
    method: "POST",
    url: "/login/factor/passkey",
    config: { access: "public", rateLimit },
    schema: {
      summary: "What a passkey is to sign as the second factor of a sign-in",
      tags: ["login"],
      body: z.strictObject({ pending: pendingSchema }),
      response: { 200: passkeyOptionsSchema },
    },
    handler: async (request) => ({
      ...(await signIns.passkeyOptions(request.body.pending, siteOf(request, options.publicUrl))),
    }),
  });

  app.route({
    method: "POST",
    url: "/login/passkey/options",
    config: { access: "public", rateLimit },
    schema: {
      summary: "What a passkey is to sign to sign in by itself",
      description: "The same for everybody: nobody has said yet who they are.",
      tags: ["login"],
      response: { 200: passkeyOptionsSchema },
    },
    handler: async (request) => ({
      ...(await signIns.anonymousOptions(siteOf(request, options.publicUrl))),
    }),
  });

  app.route({
    method: "POST",
    url: "/login/passkey",
    config: { access: "public", rateLimit },
    schema: {
      summary: "Sign in by passkey alone",
      tags: ["login"],
      body: z.strictObject({ passkey: passkeyAnswerSchema, as: z.enum(["tokens", "browser"]).default("tokens") }),
      response: { 200: signedInSchema },
    },
    handler: async (request, reply) => {
      const subject = await signIns.byPasskey(request.body.passkey);
      const signedIn: SignedIn = { subject, as: request.body.as };
      return giveLogin(context, request, reply, signedIn, withFactor, "passkey");
    },
  });

  app.route({
    method: "POST",
    url: "/login/enrol/totp",
    config: { access: "public", rateLimit },
    schema: {
      summary: "Begin an authenticator, where a second factor must be made before signing in",
      tags: ["login"],
      body: z.strictObject({ pending: pendingSchema }),
      response: { 200: totpOfferSchema },
    },
    handler: async (request) => totpOfferOf(await signIns.beginTotp(request.body.pending)),
  });

  app.route({
    method: "POST",
    url: "/login/enrol/passkey",
    config: { access: "public", rateLimit },
    schema: {
      summary: "Begin a passkey, where a second factor must be made before signing in",
      tags: ["login"],
      body: z.strictObject({ pending: pendingSchema }),
      response: { 200: passkeyOptionsSchema },
    },
    handler: async (request) => ({
      ...(await signIns.passkeyEnrolmentOptions(request.body.pending, siteOf(request, options.publicUrl))),
    }),
  });

  app.route({
    method: "POST",
    url: "/login/enrol",
    config: { access: "public", rateLimit },
    schema: {
      summary: "Finish the second factor that signing in asked for, and sign in",
      tags: ["login"],
      body: z.strictObject({
        pending: pendingSchema,
        factor: z.union([
          z.strictObject({ totp: z.uuid(), code: codeSchema }),
          z.strictObject({ name: z.string().max(200).default("Passkey"), passkey: passkeyAnswerSchema }),
        ]),
      }),
      response: { 200: signedInSchema },
    },
    handler: async (request, reply) => {
      const { enrolled, ...signedIn } = await signIns.enrol(request.body.pending, request.body.factor);
      const { factor, recoveryCodes } = enrolledOf(enrolled);
      await change({ subject: signedIn.subject }, async () => ({
        answer: null,
        entry: { what: "factor.added", target: signedIn.subject.name, before: null, after: factor },
      }));
      const answer = await giveLogin(
        context,
        request,
        reply,
        signedIn,
        withFactor,
        `password and a new ${factor.kind}`,
      );
      return { ...answer, recoveryCodes };
    },
  });
};
