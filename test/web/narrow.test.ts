import { afterAll, beforeAll, expect, test } from "vitest";
import { password } from "../api/support.js";
import { startBrowser, type TestBrowser } from "./browser.js";
import { fillWithSample } from "./sample.js";
import { startConsole, type TestConsole } from "./start-console.js";

let console: TestConsole;
let browser: TestBrowser;

beforeAll(async () => {
  console = await startConsole();
  browser = await startBrowser();
  browser.page.setDefaultTimeout(45_000);
  const { page } = browser;
  const offer = await console.deps.identity.setup.offer();
  await page.goto(`${console.url}/setup?token=${offer!.token}`);
  await page.getByLabel(/^User/).fill("ada");
  await page.getByLabel(/^Password( \*)?$/).fill(password);
  await page.getByRole("button", { name: "Create the first admin" }).click();
  await page.getByRole("heading", { level: 1, name: "Connections" }).waitFor();
  await fillWithSample(console);
  await page.setViewportSize({ width: 390, height: 844 });
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});

test("on a telephone, no button of a user stands outside of the user's card", async () => {
  const { page } = browser;
  await page.goto(`${console.url}/users`);
  await page.getByRole("button", { name: "Reset factors" }).first().waitFor();
  const edges = await page.$$eval(".table-actions button", (buttons) =>
    buttons.map((button) => {
      const inner = button.getBoundingClientRect();
      const row = button.closest("tr")!.getBoundingClientRect();
      return inner.left >= row.left && inner.right <= row.right;
    }),
  );
  expect(edges.length).toBeGreaterThan(3);
  expect(edges).not.toContain(false);
  expect(browser.problems).toEqual([]);
});
