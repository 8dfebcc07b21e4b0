import aws4 from "aws4";
import { HoopError } from "../../../vocabulary/index.js";
import { ask, errorFor, type HttpAnswer } from "../http.js";
import type { SecretSource } from "../source.js";
import { valueIn } from "../value-in.js";
import { type AwsIdentity, createAwsCredentials } from "./aws-credentials.js";

export interface AwsOptions extends AwsIdentity {
  /** Null: AWS's own in the region. */
  readonly endpoint: URL | null;
  readonly now: () => number;
}

/** AWS Secrets Manager: `aws:prod/pg#password`, by name or ARN; without a key all of the text. */
export function createAwsSource(options: AwsOptions): SecretSource {
  const credentials = createAwsCredentials(options, options.now);
  return {
    async read(path, key, signal) {
      const own = await credentials(signal);
      const url = options.endpoint ?? new URL(`https://secretsmanager.${options.region}.amazonaws.com/`);
      const body = JSON.stringify({ SecretId: path });
      const signed = aws4.sign(
        {
          ...{ service: "secretsmanager", region: options.region, method: "POST", host: url.host, path: "/", body },
          headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "secretsmanager.GetSecretValue" },
        },
        own,
      );
      const headers = Object.fromEntries(
        Object.entries(signed.headers ?? {}).map(([name, value]) => [name, String(value)]),
      );
      const answer = await ask(url, { method: "POST", headers, body, signal });
      if (answer.status !== 200) throw refusal(answer);
      const reply = JSON.parse(answer.body) as { SecretString?: unknown; SecretBinary?: unknown };
      const text =
        typeof reply.SecretBinary === "string"
          ? Buffer.from(reply.SecretBinary, "base64").toString("utf8")
          : reply.SecretString;
      if (typeof text !== "string" || text === "") throw new HoopError("not-found", "the secret in AWS is empty");
      return valueIn("the secret in AWS", text, key);
    },
  };
}

/** AWS says with status 400 what others say with 403, 404 and 429. */
function refusal({ status, headers, body }: HttpAnswer): HoopError {
  const said = /"__type"\s*:\s*"(?:[^"#]*#)?([A-Za-z]+)"/.exec(body)?.[1] ?? String(headers["x-amzn-errortype"] ?? "");
  const place = "AWS Secrets Manager";
  if (/ResourceNotFound/.test(said)) return errorFor(place, 404);
  if (/AccessDenied|UnrecognizedClient|InvalidSignature|ExpiredToken|Decryption/.test(said))
    return errorFor(place, 403);
  if (/Throttling|TooManyRequests|LimitExceeded/.test(said)) return errorFor(place, 429);
  if (/InternalService|ServiceUnavailable/.test(said)) return errorFor(place, 503);
  return errorFor(place, status);
}
