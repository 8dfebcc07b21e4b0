import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { CameIn, SignInProviders, SignInStep } from "../identity/index.js";
import { HoopError } from "../vocabulary/index.js";
import type { RouteContext } from "./app.js";
import { giveLogin, type signedInSchema } from "./give-login.js";
import { iso, timeSchema } from "./schemas.js";

export const stepSchema = z
  .object({
    state: z.enum(["factor", "enrol"]),
    pending: z.string().describe("Names this sign-in in the next step; good for minutes and a few tries."),
    expires: timeSchema,
    methods: z.array(z.enum(["totp", "passkey", "recovery-code"])),
  })
  .meta({
    id: "SignInStep",
    description:
      "The password was right. `factor`: POST /login/factor; `enrol`: a second factor must be made, POST /login/enrol/….",
  });

type OpenStep = Exclude<SignInStep, { state: "done" }>;

export function stepOf(step: OpenStep): z.infer<typeof stepSchema> {
  const { state, pending, expires } = step;
  return { state, pending, expires: iso(expires), methods: step.state === "factor" ? [...step.methods] : [] };
}

/** Throws HoopError `unsupported`: this gateway was put together without. */
export function providersOf({ deps }: RouteContext): SignInProviders {
  if (deps.identity.providers === null) throw new HoopError("unsupported", "this gateway has no sign-in providers");
  return deps.identity.providers;
}

/**
 * Whom a provider vouches for is written down, asked for the second factor that is still owed, and given a login when none is: what
 * comes next, or the login.
 */
export async function settleArrival(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  came: CameIn,
  as: "tokens" | "browser",
): Promise<OpenStep | z.infer<typeof signedInSchema>> {
  const { subject, assurance, provider } = came;
  await recordArrival(context, came);
  if (!came.factorProved) {
    const asker = { client: request.headers["user-agent"] ?? "unknown", address: request.ip };
    const step = await context.deps.identity.signIns.next(subject, as, asker, assurance.provider);
    if (step.state !== "done") return step;
  }
  const how = `${provider.name}${came.factorProved ? " with its second factor" : ""}`;
  return giveLogin(context, request, reply, { subject, as, provider: assurance.provider }, assurance, how);
}

/** A user that was made, and groups that a provider gave or took. */
async function recordArrival({ change }: RouteContext, { subject, admitted, provider }: CameIn): Promise<void> {
  const { created, before, subject: after } = admitted;
  if (!created && before === null) return;
  await change({ subject }, async () => ({
    answer: null,
    entry: {
      what: created ? "user.provisioned" : "user.changed",
      target: after.name,
      before: created || before === null ? null : { email: before.email, groups: before.groups },
      after: { email: after.email, groups: after.groups, provider: provider.name },
    },
  }));
}
