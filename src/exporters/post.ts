import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { promisify } from "node:util";
import { gzip as gzipCallback } from "node:zlib";
import { deadline, HoopError } from "../vocabulary/index.js";
import { checkAddress } from "./addresses.js";
import type { SinkPorts } from "./sink.js";

const gzip = promisify(gzipCallback);

/** The whole of one delivery. */
const postMs = 30_000;
/** Of an answer nobody needs more. */
const maxAnswer = 64 * 1024;

export interface Posted {
  readonly url: string;
  readonly ca?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly gzip: boolean;
}

/** Sends a body; resolves for an answer of 2xx. Redirects are failures, an endless answer is cut off. Throws HoopError. */
export async function post(
  { url, ca, headers, body, gzip: packed }: Posted,
  { lookup }: SinkPorts,
  outer: AbortSignal,
): Promise<string> {
  const at = new URL(url);
  checkAddress(at.hostname);
  const bytes = packed ? await gzip(body) : body;
  const signal = deadline(postMs, outer);
  const options = {
    method: "POST",
    signal,
    lookup,
    agent: false as const,
    headers: {
      ...headers,
      "content-length": String(bytes.length),
      ...(packed ? { "content-encoding": "gzip" } : {}),
      "user-agent": "hoop-exporter",
      connection: "close",
    },
  };
  return new Promise<string>((resolve, reject) => {
    const fail = (error: unknown) => reject(postError(error, outer, signal));
    const sent =
      at.protocol === "https:"
        ? httpsRequest(at, {
            ...options,
            ...(ca === undefined ? {} : { ca }),
            minVersion: "TLSv1.2",
            rejectUnauthorized: true,
          })
        : httpRequest(at, options);
    sent.on("error", fail);
    sent.on("response", (answer) => {
      const status = answer.statusCode ?? 0;
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on("error", fail);
      answer.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxAnswer) chunks.push(chunk);
        else {
          answer.destroy();
          fail(new HoopError("too-large", "the receiver's answer is longer than anybody needs"));
        }
      });
      answer.on("end", () => {
        if (status >= 200 && status < 300) return resolve(Buffer.concat(chunks).toString("utf8"));
        const moved = status >= 300 && status < 400;
        fail(
          new HoopError(
            "unavailable",
            moved
              ? `the receiver sends us elsewhere (${status}); redirects are not followed`
              : `the receiver answered ${status}`,
          ),
        );
      });
    });
    sent.end(bytes);
  });
}

function postError(error: unknown, outer: AbortSignal, signal: AbortSignal): HoopError {
  if (error instanceof HoopError) return error;
  if (outer.aborted) return new HoopError("cancelled", "it was stopped", { cause: error });
  if (signal.aborted) return new HoopError("timeout", "the receiver did not answer in time", { cause: error });
  const { code, message, cause } = error as NodeJS.ErrnoException & { cause?: unknown };
  if (cause instanceof HoopError) return cause;
  return new HoopError("unavailable", `the receiver cannot be reached: ${code ?? message}`, { cause: error });
}
