import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EntryDraft } from "../../src/recording/index.js";
import { sessionId, subjectId } from "../../src/vocabulary/index.js";
import { password } from "../api/support.js";
import { startBrowser, type TestBrowser } from "./browser.js";
import { fillWithSample } from "./sample.js";
import { startConsole, type TestConsole } from "./start-console.js";

let console: TestConsole;
let browser: TestBrowser;
const id = sessionId(randomUUID());

beforeAll(async () => {
  console = await startConsole();
  browser = await startBrowser();
  browser.page.setDefaultTimeout(45_000);
  await recordTerminal();
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});

const record = (draft: EntryDraft) =>
  new Promise<void>((resolve, reject) =>
    console.deps.recorder.append(draft, (error) => (error ? reject(error) : resolve())),
  );

/** A terminal on which a hostile target drew: colours, another title, an address, and a script that is none. */
async function recordTerminal(): Promise<void> {
  const actor = { subject: subjectId(randomUUID()), name: "grace" };
  const base = { session: id, actor, connection: "web-1", protocol: "ssh", from: "127.0.0.1", reasons: [] };
  await record({ kind: "session-opened", ...base });
  const lines = [
    { version: 2, width: 80, height: 12, timestamp: 1, env: { TERM: "xterm" } },
    [0.1, "o", "\x1b]0;title\x07deploy@web-1:~$ "],
    [0.6, "o", "cat orders.csv\r\n"],
    [0.9, "o", "\x1b[32mid,customer,email\x1b[0m\r\n1,Grace Hopper,grace@navy.example.org\r\n"],
    [1.2, "o", "<script>document.title='owned'</script>\r\ndeploy@web-1:~$ "],
  ];
  const text = `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
  await record({ kind: "screen", session: id, terminal: 0, part: 0, text });
  const reason = { code: "client-closed", text: "the client closed the connection" };
  await record({
    kind: "session-closed",
    session: id,
    reason,
    bytesIn: 1,
    bytesOut: 1,
    statements: 1,
    durationMs: 1_500,
  });
}

async function picture(name: string): Promise<void> {
  const folder = process.env.HOOP_SCREENSHOTS;
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await browser.page.screenshot({ path: join(folder, `${name}.png`) });
}

test("an auditor plays a terminal, masked, and finds what stood on it; both are written down", async () => {
  const { page } = browser;
  const offer = await console.deps.identity.setup.offer();
  await page.goto(`${console.url}/setup?token=${offer!.token}`);
  await page.getByLabel(/^User/).fill("ada");
  await page.getByLabel(/^Password( \*)?$/).fill(password);
  await page.getByRole("button", { name: "Create the first admin" }).click();
  await page.getByRole("heading", { level: 1, name: "Connections" }).waitFor();
  await fillWithSample(console);
  await page.goto(`${console.url}/sessions/${id}`);
  await page.getByRole("button", { name: "Play what the terminal showed" }).click();
  const screen = page.getByRole("img", { name: "Screen" });
  await expect.poll(() => screen.innerText()).toContain("<script>");
  const shown = await screen.innerText();
  expect([
    shown.includes("id,customer,email"),
    shown.includes("grace@navy.example.org"),
    shown.includes("••••"),
  ]).toEqual([true, false, true]);
  expect(await page.title()).not.toContain("owned");
  await picture("terminal-played");
  await page.goto(`${console.url}/sessions?view=screens`);
  await page.getByLabel("Text on a screen").fill("GRACE HOPPER");
  await page.getByRole("button", { name: "Search" }).click();
  const found = page.getByRole("list", { name: "Found" });
  await found.getByRole("link", { name: "grace on web-1" }).waitFor();
  expect(await found.innerText()).not.toContain("grace@navy.example.org");
  await picture("screens-found");
  const what = async () => (await console.deps.audit.changes(null, 20)).items.map(({ entry }) => entry.what);
  await expect.poll(what).toEqual(expect.arrayContaining(["session.replayed", "sessions.searched"]));
  expect(browser.problems).toEqual([]);
});
