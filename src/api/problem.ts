import { STATUS_CODES } from "node:http";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { z } from "zod";
import { errorCodes, HoopError, hoopErrorFrom } from "../vocabulary/index.js";

/** Every error as it leaves (RFC 9457). `message` repeats `detail` under the name that our own errors use. */
export const problemSchema = z
  .object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(Object.keys(errorCodes) as [keyof typeof errorCodes, ...(keyof typeof errorCodes)[]]),
    message: z.string(),
    hint: z.string().optional(),
  })
  .meta({ id: "Problem", description: "What went wrong, as application/problem+json." });
export type Problem = z.infer<typeof problemSchema>;

export function problemFrom(error: HoopError): Problem {
  const status = errorCodes[error.code];
  return {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "Cancelled",
    status,
    detail: error.message,
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

/** What Fastify and its plugins throw, in our words; everything else stays inside and is `internal`. */
export function errorFrom(thrown: unknown): HoopError {
  if (thrown instanceof HoopError) return thrown;
  const error = thrown as Partial<FastifyError>;
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const where = thrown.validation
      .slice(0, 5)
      .map(
        (issue) =>
          `${error.validationContext ?? "request"}${issue.instancePath.replaceAll("/", ".")}: ${issue.message}`,
      );
    return new HoopError("invalid", where.join("; "), { cause: thrown });
  }
  if (error.statusCode === 413)
    return new HoopError("too-large", "the request is larger than this route takes", { cause: thrown });
  if (error.statusCode === 415) return new HoopError("invalid", "the body is not application/json", { cause: thrown });
  if (error.statusCode === 429)
    return new HoopError("limited", "too many requests", { cause: thrown, hint: "try again in a minute" });
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new HoopError(
      "invalid",
      error.code?.startsWith("FST_ERR_CTP") ? "the body is not valid JSON" : "the request is not valid",
      { cause: thrown },
    );
  }
  return hoopErrorFrom(thrown);
}

/** Where nobody can tell when it is worth trying again. */
export const retrySeconds = 5;

export function sendProblem(reply: FastifyReply, error: HoopError): FastifyReply {
  const problem = problemFrom(error);
  if (error.code === "unauthenticated") reply.header("www-authenticate", 'Bearer realm="hoop"');
  if (error.code === "limited" && !reply.hasHeader("retry-after"))
    reply.header("retry-after", String(error.retryAfter ?? retrySeconds));
  return reply.code(problem.status).type("application/problem+json").serializer(JSON.stringify).send(problem);
}

export function handleError(log: { error(fields: object, text: string): void } | undefined) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = errorFrom(thrown);
    if (error.code === "internal")
      log?.error({ err: thrown, method: request.method, route: request.routeOptions.url }, "a request failed");
    return sendProblem(reply, error);
  };
}
