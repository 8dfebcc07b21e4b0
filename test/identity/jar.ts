import type { App } from "../../src/api/index.js";

export interface Answer {
  readonly status: number;
  readonly location: string;
  readonly body: Record<string, unknown>;
  readonly text: string;
  /** As they were set. */
  readonly cookies: readonly Record<string, unknown>[];
}

/** A browser as far as cookies go. */
export interface Jar {
  readonly cookies: Map<string, string>;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
}

let jars = 0;

export function createJar(app: App, cookies = new Map<string, string>()): Jar {
  // Each from an address of its own: what slows one down is another test's.
  const remoteAddress = `10.0.${Math.floor(++jars / 250)}.${(jars % 250) + 1}`;
  async function send(
    method: "GET" | "POST",
    url: string,
    payload?: unknown,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await app.inject({
      method,
      url,
      remoteAddress,
      headers: {
        host: "127.0.0.1:7480",
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        ...more,
      },
      ...(payload === undefined ? {} : { payload: payload as object }),
    });
    for (const cookie of response.cookies as { name: string; value: string; maxAge?: number; expires?: Date }[]) {
      const gone = cookie.value === "" || (cookie.expires !== undefined && cookie.expires.getTime() < Date.now());
      if (gone) cookies.delete(cookie.name);
      else cookies.set(cookie.name, cookie.value);
    }
    let body: Record<string, unknown> = {};
    try {
      body = JSON.parse(response.body) as Record<string, unknown>;
    } catch {
      // A page, or nothing.
    }
    return {
      status: response.statusCode,
      location: String(response.headers.location ?? ""),
      body,
      text: response.body,
      cookies: response.cookies as unknown as Record<string, unknown>[],
    };
  }
  return {
    cookies,
    get: (path) => send("GET", path),
    post: (path, body, headers) => send("POST", path, body, headers),
  };
}

/** What the sign-in page shows: the problem, told once. */
export async function problemOf(jar: Jar): Promise<string> {
  const { body } = await jar.post("/api/v1/login/continue", {});
  return String(body.problem);
}
