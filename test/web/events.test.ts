import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { typeOf } from "../../src/events/index.js";
import { password } from "../api/support.js";
import { until } from "../support/clients.js";
import { startBrowser, type TestBrowser } from "./browser.js";
import { startConsole, type TestConsole } from "./start-console.js";

let console: TestConsole;
let browser: TestBrowser;

const reactions = `
apiVersion: hoop/v1
kind: receiver
metadata: { name: ops }
spec: { type: webhook, url: "http://127.0.0.1:1/hook" }
---
apiVersion: hoop/v1
kind: reaction
metadata: { name: three-denied-deletes }
spec:
  on: statement.denied
  count: { atLeast: 3, within: 5m }
  quiet: 10m
  then:
    - pause: { for: 10m }
    - notify: { receiver: ops }
`;

beforeAll(async () => {
  console = await startConsole();
  const { identity, events } = console.deps;
  const root = await identity.setup.seed({ name: "root", password });
  expect(root).toBeDefined();
  const by = { id: randomUUID(), name: "root" };
  await events.events.apply(reactions, { dryRun: false, by });
  const denied = () => ({ ...typeOf("statement.denied")!.sample, id: randomUUID(), at: Date.now() });
  await events.events.store.add([denied(), denied(), denied()]);
  await until(
    "the rule has fired and given up",
    async () => (await events.events.store.deliveries({ state: "dead" }, 10)).length > 0,
  );
  browser = await startBrowser();
  browser.page.setDefaultTimeout(45_000);
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});
afterEach(() => {
  expect(browser.problems.splice(0)).toEqual([]);
});

async function shot(name: string): Promise<void> {
  const folder = join(import.meta.dirname, "../../.cache/screenshots");
  await mkdir(folder, { recursive: true });
  await browser.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

test("the events page shows what happened, the rules and what was given up, and lifts a pause", async () => {
  const { page } = browser;
  await page.goto(`${console.url}/login`);
  await page.getByLabel(/^User( \*)?$/).fill("root");
  await page.getByLabel(/^Password( \*)?$/).fill(password);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Events" }).click();
  await page.getByRole("link", { name: "statement.denied" }).first().waitFor();
  await page.getByText("Imposed by reactions: 1").waitFor();
  await shot("events");
  await page.getByRole("tab", { name: "Reactions" }).click();
  const row = page.getByRole("row", { name: /three-denied-deletes/ });
  await row.waitFor();
  expect(await row.textContent()).toMatch(/3 times within 5m/);
  await shot("reactions");
  await page.getByRole("tab", { name: "Dead letters" }).click();
  await page.getByText("no signing secret").waitFor();
  await shot("dead-letters");
  await page.getByRole("button", { name: "Release" }).click();
  await page.getByText("Imposed by reactions").waitFor({ state: "detached" });
  await page.getByRole("tab", { name: "Events", exact: true }).click();
  await page.getByRole("link", { name: "statement.denied" }).first().click();
  await page.getByText('"type": "statement.denied"').waitFor();
});
