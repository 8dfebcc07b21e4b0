import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { bearer, setUp, signIn, startTestApi, type TestApi } from "./support.js";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ callsPerMinute: 240 });
});
afterAll(() => api.close());

const made = (prefix: string, n: number): string => `${prefix}${String(n).padStart(43, "A")}`;
const get = (url: string, authorization: string, remoteAddress: string) =>
  api.app.inject({ method: "GET", url, headers: { authorization }, remoteAddress });

/** In one moment of the clock that buckets are filled by, however slow the machine is. */
async function atOnce<T>(work: () => Promise<T>): Promise<T> {
  const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now());
  try {
    return await work();
  } finally {
    clock.mockRestore();
  }
}

test("a caller that has used up its calls hears when to come again", async () => {
  const { authorization } = await setUp(api);
  const answers = [];
  // A quarter of a minute's calls at once, and a few for the time that passes.
  for (let n = 0; n < 200; n++) answers.push(await get("/api/v1/me", authorization!, "192.0.2.1"));
  const refused = answers.find(({ statusCode }) => statusCode === 429);
  expect(refused?.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  expect(answers.slice(0, 60).every(({ statusCode }) => statusCode === 200)).toBe(true);
});

test.each([
  ["/api/v1/me", "hoop_at_"],
  ["/scim/v2/Users", "hoop_scim_"],
])("made-up tokens are limited by network on %s, and nobody else is", async (url, prefix) => {
  const network = url.startsWith("/scim") ? "198.51.100" : "203.0.113";
  const answers: Awaited<ReturnType<typeof get>>[] = [];
  await atOnce(async () => {
    for (let n = 0; n < 400; n++) answers.push(await get(url, `Bearer ${made(prefix, n)}`, `${network}.7`));
  });
  expect(answers[0]!.statusCode).toBe(401);
  const refused = answers.find(({ statusCode }) => statusCode === 429);
  expect(refused?.headers["retry-after"]).toBe("1");
  expect((await get(url, `Bearer ${made(prefix, 9_999)}`, "192.0.2.77")).statusCode).toBe(401);
});

test("a login that is known passes, whatever comes from beside it", async () => {
  const authorization = bearer(await signIn(api.app, "ada")).authorization!;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect((await get("/api/v1/me", authorization, "192.0.2.9")).statusCode).toBe(200);
  await atOnce(async () => {
    let last = 0;
    for (let n = 0; n < 400 && last !== 429; n++)
      last = (await get("/api/v1/me", `Bearer ${made("hoop_at_", n)}`, "192.0.2.9")).statusCode;
    expect(last).toBe(429);
    expect((await get("/api/v1/me", authorization, "192.0.2.9")).statusCode).toBe(200);
  });
});
