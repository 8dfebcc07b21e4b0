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

/** RFC 9457, or a small page where a browser asks for one. Never cached, never framed, never sniffed. */
export function problemAnswer(problem: Problem, accept: string | undefined): ProblemAnswer {
  const title = STATUS_CODES[problem.status] ?? "Refused";
  const page = accept?.includes("text/html") === true && !accept.includes("application/json");
  const body = Buffer.from(page ? pageText(problem, title) : jsonText(problem, title));
  return {
    status: problem.status,
    headers: {
      "content-type": page ? "text/html; charset=utf-8" : "application/problem+json",
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
