import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { HoopError } from "../../vocabulary/index.js";
import type { FeedingSetup } from "./messages.js";
import { feedInThread } from "./thread.js";

const folder = mkdtempSync(join(tmpdir(), "hoop-feeding-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Answers with what it was told and how many messages it has had; the stretch's path says what else it does.
const echo = join(folder, "echo.mjs");
writeFileSync(
  echo,
  `import { parentPort } from "node:worker_threads";
let had = 0;
parentPort.on("message", (message) => {
  if (message.kind === "close") return parentPort.close();
  had += 1;
  if (message.stretch.path === "die") process.exit(1);
  if (message.stretch.path === "throw") throw new Error("torn");
  if (message.stretch.path === "fail")
    return parentPort.postMessage({ kind: "failed", code: "conflict", message: "two stories", hint: "read them", cause: "here" });
  parentPort.postMessage({ kind: "fed", step: { fed: { seq: had, hash: String(message.begin) }, offset: message.stretch.size } });
});`,
);
const setup: FeedingSetup = { chain: "c", folder, store: { connection: {}, statementTimeoutMs: 1 }, slowMs: 1 };
const nothing = { seq: 0, hash: null };
const stretch = (path: string) => ({ path, offset: 0, size: 7 });
const start = () => feedInThread(setup, pathToFileURL(echo));

describe("feeding in a thread", () => {
  it("keeps one thread for all stretches and tells it where reading begins anew", async () => {
    const feeding = start();
    expect(await feeding.feed(stretch("a"), nothing)).toEqual({ fed: { seq: 1, hash: "true" }, offset: 7 });
    expect(await feeding.feed(stretch("b"), nothing)).toEqual({ fed: { seq: 2, hash: "false" }, offset: 7 });
    feeding.begin();
    expect(await feeding.feed(stretch("c"), nothing)).toEqual({ fed: { seq: 3, hash: "true" }, offset: 7 });
    await feeding.close();
  });

  it.each(["die", "throw"])(
    "says so when the thread ends (%s), and goes on with another only from the beginning",
    async (end) => {
      const feeding = start();
      await feeding.feed(stretch("a"), nothing);
      await expect(feeding.feed(stretch(end), nothing)).rejects.toMatchObject({ code: "unavailable" });
      // It may have read the half of an entry that was not handed over.
      await expect(feeding.feed(stretch("b"), nothing)).rejects.toMatchObject({ code: "unavailable" });
      feeding.begin();
      expect(await feeding.feed(stretch("b"), nothing)).toEqual({ fed: { seq: 1, hash: "true" }, offset: 7 });
      await feeding.close();
    },
  );

  it("passes on what the store said", async () => {
    const feeding = start();
    const error = await feeding.feed(stretch("fail"), nothing).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HoopError);
    expect(error).toMatchObject({
      code: "conflict",
      message: "two stories",
      hint: "read them",
      cause: { message: "here" },
    });
    expect(await feeding.feed(stretch("a"), nothing)).toMatchObject({ offset: 7 });
    await feeding.close();
  });

  it("takes nothing once it is closed, and may be closed without ever having fed", async () => {
    const feeding = start();
    await feeding.close();
    await expect(feeding.feed(stretch("a"), nothing)).rejects.toMatchObject({ code: "unavailable" });
  });
});
