import { lookup } from "node:dns";
import { type IncomingHttpHeaders, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { deadline, HoopError } from "../../vocabulary/index.js";

const longestAnswer = 1024 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpQuestion {
  readonly method: "GET" | "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** PEM; absent: the system's authorities. */
  readonly ca?: string | undefined;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
  /** Only who asks a cloud for its own credentials may. */
  readonly mayReachMetadata?: boolean | undefined;
}

/** Where clouds hand out credentials to whoever can ask. */
const metadata = new BlockList();
metadata.addSubnet("169.254.0.0", 16, "ipv4");
metadata.addSubnet("fe80::", 10, "ipv6");
metadata.addAddress("fd00:ec2::254", "ipv6");
metadata.addAddress("100.100.100.200", "ipv4");

const isMetadata = (address: string): boolean => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  const family = isIP(plain);
  return family !== 0 && metadata.check(plain, family === 6 ? "ipv6" : "ipv4");
};

/** One question and its whole answer. A redirect is an answer like any other: nobody follows it. Throws HoopError. */
export function ask(url: URL, question: HttpQuestion): Promise<HttpAnswer> {
  const { method, headers = {}, body, ca, signal, timeoutMs = 10_000, mayReachMetadata = false } = question;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!mayReachMetadata && isMetadata(host)) return Promise.reject(refused());
  return new Promise((resolve, reject) => {
    const any = deadline(timeoutMs, signal);
    const send = url.protocol === "https:" ? tlsRequest : plainRequest;
    const guarded: LookupFunction = (name, options, done) =>
      lookup(name, options, (error, address, family) => {
        const all = Array.isArray(address) ? address.map((one) => one.address) : [address];
        if (error === null && !mayReachMetadata && all.some(isMetadata)) return done(refused(), "", 0);
        (done as (...given: unknown[]) => void)(error, address, family);
      });
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const sent = send(url, {
      method,
      headers: { ...headers, ...length },
      signal: any,
      lookup: guarded,
      ...(ca ? { ca } : {}),
    });
    sent.on("error", (error) => {
      if (error instanceof HoopError) return reject(error);
      reject(new HoopError("unavailable", `${url.host} does not answer`, { cause: error }));
    });
    sent.on("response", (answer) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > longestAnswer) answer.destroy(new HoopError("too-large", `${url.host} answers more than a secret`));
        else parts.push(part);
      });
      answer.on("error", (error) =>
        reject(
          error instanceof HoopError ? error : new HoopError("unavailable", `${url.host} broke off`, { cause: error }),
        ),
      );
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(parts).toString("utf8"),
        }),
      );
    });
    sent.end(body);
  });
}

function refused(): HoopError {
  return new HoopError("denied", "secrets are not looked for at a cloud's metadata service");
}

/** What a status says; the body of a refusal is for nobody. */
export function errorFor(place: string, status: number): HoopError {
  if (status === 401 || status === 403) return new HoopError("denied", `${place} does not let the gateway read this`);
  if (status === 404) return new HoopError("not-found", `${place} has no such secret`);
  if (status === 429) return new HoopError("limited", `${place} is asked too much`);
  if (status >= 300 && status < 400)
    return new HoopError("denied", `${place} answers with a redirect, which is not followed`);
  if (status >= 500) return new HoopError("unavailable", `${place} cannot answer now (status ${status})`);
  return new HoopError("precondition-failed", `${place} refuses the question (status ${status})`);
}
