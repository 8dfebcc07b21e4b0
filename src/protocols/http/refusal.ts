import { STATUS_CODES } from "node:http";

/** An answer of Hoop's own, in place of the target's. */
export interface Problem {
  readonly status: number;
  /** A code that machines read. */
  readonly code: string;
  readonly detail: string;
  readonly hint?: string | undefined;
  /** Where more can be done about it: a review. */
  readonly link?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** How programs are told: a problem document, or what clients of a Kubernetes API read. */
export type ProblemForm = "problem" | "kubernetes";

/** RFC 9457, a Kubernetes `Status`, or a small page where a browser asks for one. Never cached, never framed, never sniffed. */
export function problemAnswer(said: Problem, accept: string | undefined, form: ProblemForm): ProblemAnswer {
  const page = accept?.includes("text/html") === true && !accept.includes("application/json");
  const problem = form === "kubernetes" && said.status === 202 ? { ...said, status: 429 } : said;
  const title = STATUS_CODES[problem.status] ?? "Refused";
  const text = page ? pageText : form === "kubernetes" ? statusText : jsonText;
  const body = Buffer.from(text(problem, title));
  const type = form === "kubernetes" ? "application/json" : "application/problem+json";
  return {
    status: problem.status,
    headers: {
      "content-type": page ? "text/html; charset=utf-8" : type,
      "content-length": String(body.length),
      "cache-control": "no-store",
      ...problem.headers,
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    },
    body,
  };
}

function jsonText({ status, code, detail, hint, link }: Problem, title: string): string {
  return `${JSON.stringify({ type: `urn:hoop:${code}`, title, status, detail, ...(hint ? { hint } : {}), ...(link ? { link } : {}) })}\n`;
}

/**
 * What kubectl shows as `Error from server (Forbidden): …`. A request that is held and answered counts as too many: a success
 * would read as done, and clients send this one again by themselves.
 */
function statusText({ status, code, detail, hint, link, headers }: Problem, title: string): string {
  const message = [detail, hint, link].filter((part) => part !== undefined && part !== "").join("; ");
  const seconds = Number(headers?.["retry-after"]);
  const details = seconds > 0 ? { details: { retryAfterSeconds: seconds } } : {};
  const reason = status === 429 ? "TooManyRequests" : title.replaceAll(/[^A-Za-z]/g, "");
  const said = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, ...details };
  return `${JSON.stringify({ ...said, code: status, type: `urn:hoop:${code}` })}\n`;
}

function pageText({ status, detail, hint, link }: Problem, title: string): string {
  const more = [
    hint ? `<p>${escaped(hint)}</p>` : "",
    link ? `<p><a href="${escaped(link)}">${escaped(link)}</a></p>` : "",
  ];
  return (
    `<!doctype html><meta charset="utf-8"><title>${status} ${escaped(title)}</title>` +
    `<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:12vh auto;padding:0 1rem;color-scheme:light dark}</style>` +
    `<h1>Hoop: ${escaped(title)}</h1><p>${escaped(detail)}</p>${more.join("")}\n`
  );
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
