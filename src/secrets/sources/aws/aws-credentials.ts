import { readFile } from "node:fs/promises";
import { HoopError } from "../../../vocabulary/index.js";
import { ask, errorFor } from "../http.js";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Where the gateway's own AWS credentials come from; the first that is there counts. */
export interface AwsIdentity {
  readonly keys: AwsCredentials | null;
  /** A workload's token for a role (IAM roles for service accounts). */
  readonly webIdentity: { readonly roleArn: string; readonly tokenFile: string } | null;
  /** The machine's own role, by the instance metadata service, version 2 only. */
  readonly instanceRole: boolean;
  readonly region: string;
  /** Others than AWS's own, for tests and private endpoints. */
  readonly stsEndpoint: URL | null;
  readonly metadataEndpoint: URL | null;
}

interface Timed extends AwsCredentials {
  readonly until: number;
}

const renewBeforeMs = 5 * 60_000;

/** The gateway's own credentials, renewed before they end. Throws HoopError. */
export function createAwsCredentials(
  identity: AwsIdentity,
  now: () => number,
): (signal: AbortSignal) => Promise<AwsCredentials> {
  let known: Timed | null = null;
  return async (signal) => {
    if (identity.keys !== null) return identity.keys;
    if (known !== null && known.until - renewBeforeMs > now()) return known;
    try {
      known =
        identity.webIdentity === null ? await fromInstance(identity, signal) : await fromWebIdentity(identity, signal);
    } catch (error) {
      // Renewed early, so that an outage of the issuer costs nothing at first.
      if (known === null || known.until <= now()) throw error;
    }
    return known!;
  };
}

async function fromWebIdentity({ webIdentity, region, stsEndpoint }: AwsIdentity, signal: AbortSignal): Promise<Timed> {
  const { roleArn, tokenFile } = webIdentity!;
  const token = await readFile(tokenFile, "utf8").catch((cause) => {
    throw new HoopError("precondition-failed", "the file with the workload's token for AWS cannot be read", { cause });
  });
  const body = new URLSearchParams({
    ...{
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: roleArn,
      RoleSessionName: "hoop-gateway",
    },
    WebIdentityToken: token.trim(),
  }).toString();
  const url = stsEndpoint ?? new URL(`https://sts.${region}.amazonaws.com/`);
  const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  const answer = await ask(url, { method: "POST", headers, body, signal });
  if (answer.status !== 200) throw errorFor("AWS STS", answer.status);
  const reply = parsed(answer.body) as {
    AssumeRoleWithWebIdentityResponse?: { AssumeRoleWithWebIdentityResult?: { Credentials?: Record<string, unknown> } };
  };
  const given = reply.AssumeRoleWithWebIdentityResponse?.AssumeRoleWithWebIdentityResult?.Credentials ?? {};
  return timed(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], given["Expiration"]);
}

async function fromInstance({ instanceRole, metadataEndpoint }: AwsIdentity, signal: AbortSignal): Promise<Timed> {
  if (!instanceRole)
    throw new HoopError("precondition-failed", "the gateway has no AWS credentials", {
      hint: "AWS_ACCESS_KEY_ID, a web identity, or HOOP_AWS_INSTANCE_ROLE=yes",
    });
  const base = metadataEndpoint ?? new URL("http://169.254.169.254/");
  const get = async (path: string, token: string): Promise<string> => {
    const headers = { "x-aws-ec2-metadata-token": token };
    const answer = await ask(new URL(path, base), {
      method: "GET",
      headers,
      signal,
      mayReachMetadata: true,
      timeoutMs: 2_000,
    });
    if (answer.status !== 200) throw errorFor("the machine's metadata service", answer.status);
    return answer.body;
  };
  const headers = { "x-aws-ec2-metadata-token-ttl-seconds": "300" };
  const session = await ask(new URL("latest/api/token", base), {
    ...{ method: "PUT", headers, signal, mayReachMetadata: true, timeoutMs: 2_000 },
  });
  if (session.status !== 200) throw errorFor("the machine's metadata service", session.status);
  const roles = "latest/meta-data/iam/security-credentials/";
  const role = (await get(roles, session.body)).split("\n", 1)[0]!.trim();
  const given = parsed(await get(roles + encodeURIComponent(role), session.body)) as Record<string, unknown>;
  return timed(given["AccessKeyId"], given["SecretAccessKey"], given["Token"], given["Expiration"]);
}

function timed(id: unknown, key: unknown, token: unknown, expiration: unknown): Timed {
  if (typeof id !== "string" || typeof key !== "string" || typeof token !== "string")
    throw new HoopError("malformed", "AWS gave no credentials that can be read");
  const until = typeof expiration === "number" ? expiration * 1_000 : Date.parse(String(expiration));
  if (!Number.isFinite(until)) throw new HoopError("malformed", "AWS gave credentials without an end");
  return { accessKeyId: id, secretAccessKey: key, sessionToken: token, until };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new HoopError("malformed", "AWS's answer cannot be read");
  }
}
