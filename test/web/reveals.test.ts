import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { tokenizeText } from "../../src/masking/index.js";
import { parseDocuments } from "../../src/policy/parse-documents.js";
import { password } from "../api/support.js";
import { startBrowser, type TestBrowser } from "./browser.js";
import { fillWithSample, type Sample } from "./sample.js";
import { startConsole, type TestConsole } from "./start-console.js";

// One story: Otto asks, Petra decides, Audrey looks into what lies sealed.
let console: TestConsole;
let browser: TestBrowser;
let sample: Sample;
let review: string;

const canary = "4111 1111 1111 1111";
const token = tokenizeText({ method: "tokenize", purpose: "analytics", as: "card" }, canary, Buffer.alloc(32, 7));
const policy = `
apiVersion: hoop/v1
kind: mask
metadata: { name: tokens }
spec:
  columns: [customers.card]
  mask: { method: tokenize, purpose: analytics, as: card }
---
apiVersion: hoop/v1
kind: request
metadata: { name: fraud-cases }
spec:
  who: { group: fraud }
  reveal: analytics
  approve: { approvals: [{ groups: [privacy] }] }
`;

beforeAll(async () => {
  console = await startConsole();
  const { identity, policy: rules } = console.deps;
  await identity.setup.seed({ name: "root", password });
  sample = await fillWithSample(console);
  for (const [name, group] of [
    ["otto", "fraud"],
    ["petra", "privacy"],
    ["audrey", "auditors"],
  ] as const) {
    if (group !== "auditors") await identity.groups.create(group, "");
    await identity.users.create({ name, password, groups: [group] });
  }
  const { revision } = await rules.store.read();
  await rules.store.write({ put: parseDocuments(policy), remove: [], expected: revision, author: null });
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

const open = (path: string) => browser.page.goto(console.url + path);
const heading = (name: string | RegExp) => browser.page.getByRole("heading", { level: 1, name }).waitFor();

async function signIn(name: string): Promise<void> {
  const { page } = browser;
  await browser.context.clearCookies();
  await open("/login");
  await page.getByLabel(/^User( \*)?$/).fill(name);
  await page.getByLabel(/^Password( \*)?$/).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await heading("Connections");
}

/** With HOOP_SCREENSHOTS a picture of each page is kept there. Nothing sticks out on a telephone. */
async function look(name: string): Promise<void> {
  const { page } = browser;
  const wide = page.viewportSize()!;
  const shoot = async (kind: string) => {
    const folder = process.env.HOOP_SCREENSHOTS;
    if (folder === undefined) return;
    await mkdir(folder, { recursive: true });
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(folder, `${name}-${kind}.png`), fullPage: true });
  };
  await shoot("light");
  await page.setViewportSize({ width: 390, height: 844 });
  await shoot("narrow");
  const overflow = () =>
    page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  await expect.poll(overflow, { message: `${name} is wider than 390 px` }).toBeLessThanOrEqual(0);
  await page.setViewportSize(wide);
}

test("the value behind a token is asked for with a reason", async () => {
  const { page } = browser;
  await signIn("otto");
  await open("/reviews");
  await page.getByRole("button", { name: "Ask for a token's value" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Token/).fill("9f86d081884c7d65");
  await dialog.getByLabel(/^Purpose/).fill("analytics");
  await dialog.getByLabel(/^Column/).fill("public.customers.card");
  await dialog.getByLabel(/^Reason/).fill("chargeback 4711");
  await dialog.getByRole("button", { name: "Ask", exact: true }).click();
  await dialog.getByText(/this is the output of a hash/).waitFor();
  // The browser itself tells of the refusal.
  browser.problems.splice(0);
  await dialog.getByLabel(/^Token/).fill(token);
  await look("reveal-ask");
  await dialog.getByRole("button", { name: "Ask", exact: true }).click();
  await heading("otto asks for the value behind a token");
  await page.getByText(token).waitFor();
  expect(await page.getByRole("button", { name: "Show the value" }).count()).toBe(0);
  review = page.url().split("/").at(-1)!;
});

test("who decides sees what is asked and never the value", async () => {
  const { page } = browser;
  await signIn("petra");
  await open("/reviews");
  await page.getByRole("article", { name: review }).getByRole("link").click();
  await heading("otto asks for the value behind a token");
  await page.getByText("chargeback 4711").waitFor();
  await page.getByText("public.customers.card").waitFor();
  await look("reveal-review");
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("Approved", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Show the value" }).count()).toBe(0);
});

test("it is shown once, to who asked", async () => {
  const { page } = browser;
  await signIn("otto");
  await open(`/reviews/${review}`);
  await page.getByRole("button", { name: "Show the value" }).click();
  expect(await page.getByRole("status", { name: "Value" }).textContent()).toBe(canary);
  await page.getByText("approved and used", { exact: true }).waitFor();
  expect(await page.getByRole("status", { name: "Value" }).textContent()).toBe(canary);
  await look("reveal-value");
  await page.reload();
  await page.getByText("approved and used", { exact: true }).waitFor();
  expect(await page.content()).not.toContain(canary);
});

test("an auditor sees what was found, opens what is sealed with a reason, and finds that in the changes", async () => {
  const { page } = browser;
  await signIn("audrey");
  await open(`/sessions/${sample.closed}`);
  await page.getByText("50 × email").waitFor();
  await page.getByRole("button", { name: "Open what is sealed" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Reason/).fill("INC-7");
  await dialog.getByRole("button", { name: "Open", exact: true }).click();
  const shown = page.getByRole("region", { name: "the error text" });
  await shown.getByText("relation does not exist").waitFor();
  await look("session-sealed");
  await open("/audit");
  const row = page.getByRole("table", { name: "Changes" }).getByRole("row", { name: /payload-revealed/ });
  await row.getByText("audrey").waitFor();
  await row.getByText(/INC-7/).waitFor();
  await look("audit-changes");
});
