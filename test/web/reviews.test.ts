import { createHash, randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { parseDocuments } from "../../src/policy/parse-documents.js";
import type { HoldRequest } from "../../src/reviews/index.js";
import { ruleId, type Subject, sessionId, statementId } from "../../src/vocabulary/index.js";
import { password } from "../api/support.js";
import { startBrowser, type TestBrowser } from "./browser.js";
import { startConsole, type TestConsole } from "./start-console.js";

// One story: each test goes on where the one before ended. Rick decides, Ada asks.
let console: TestConsole;
let browser: TestBrowser;
let ada: Subject;
let statement: string;

const patience = { timeout: 30_000, interval: 250 };
const text = "update orders set status = 'refunded', refunded_at = now()\nwhere customer_id = 4711 and status = 'paid'";
const policy = `
apiVersion: hoop/v1
kind: request
metadata: { name: ask-for-prod }
spec:
  who: { group: [engineers] }
  where: everywhere
  effects: [read, write]
  longest: 8h
  approve: { approvals: [{ groups: [dba] }] }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: hide-cards }
spec:
  columns: [public.orders.card]
  mask: { method: partial, as: card }
`;

beforeAll(async () => {
  console = await startConsole();
  const { identity, connections, policy: rules } = console.deps;
  await identity.setup.seed({ name: "root", password });
  await identity.groups.create("dba", "Databases");
  await identity.users.create({ name: "rick", password, groups: ["dba", "engineers"] });
  const user = await identity.users.create({ name: "ada", password, groups: ["engineers"] });
  ada = { id: user.id, kind: "person", name: "ada", groups: user.groups, version: user.version };
  for (const name of ["pg-prod", "pg-billing"]) {
    const draft = { name, protocol: "postgres", host: "db.internal", labels: { env: "prod" }, target: { user: "app" } };
    await connections.create(draft, "secret");
  }
  const { revision } = await rules.store.read();
  await rules.store.write({ put: parseDocuments(policy), remove: [], expected: revision, author: null });
  statement = await hold(text);
  await console.deps.reviews.desk.rehearsed(statement, {
    kind: "tried",
    rows: 128,
    keys: "k",
    ran: null,
    before: [1, 2, 3].map((id) => ({ id: `${900 + id}`, status: "paid", card: "4111111111111111", refunded_at: null })),
    after: [1, 2, 3].map((id) => ({
      id: `${900 + id}`,
      status: "refunded",
      card: "4111111111111111",
      refunded_at: "2026-11-21 10:00:00",
    })),
    triggers: ["orders_audit"],
    cascades: ["public.refunds"],
  });
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

async function hold(wanted: string, more: Partial<HoldRequest["terms"][number]> = {}): Promise<string> {
  const session = sessionId(randomUUID());
  const { id } = await console.deps.reviews.desk.hold(
    {
      subject: ada,
      onBehalfOf: null,
      connection: console.deps.connections.get("pg-prod"),
      session,
      statement: statementId(session, 1),
      digest: createHash("sha256").update(wanted).digest("hex"),
      text: wanted,
      values: ["4711", null],
      database: "shop",
      role: "app",
      analysis: {
        shape: "update orders set status = ?, refunded_at = now() where customer_id = ? and status = ?",
        effects: ["write"],
        resources: [{ kind: "relation", name: "public.orders", access: "write" }],
        attributes: {},
        unknowns: [],
      },
      terms: [
        {
          rule: ruleId("hold-prod-writes"),
          approvals: [{ count: 1, groups: ["dba"] }],
          expiresMs: 3_600_000,
          useWithinMs: 900_000,
          reasonRequired: true,
          inTransaction: "refuse",
          rehearse: true,
          breakGlass: [],
          escalate: null,
          ...more,
        },
      ],
      reasons: [
        { rule: ruleId("hold-prod-writes"), code: "held", text: "writes to production wait for a second pair of eyes" },
      ],
      transaction: ["begin", "select count(*) from orders"],
    },
    () => {},
  );
  return id;
}

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

/** With HOOP_SCREENSHOTS a picture of each page is kept there: light, dark and narrow. Nothing sticks out on a telephone. */
async function look(name: string): Promise<void> {
  const { page } = browser;
  const wide = page.viewportSize()!;
  const folder = process.env.HOOP_SCREENSHOTS;
  await expect.poll(() => page.locator(".mantine-Notification-root").count(), patience).toBe(0);
  const shoot = async (kind: string) => {
    if (folder === undefined) return;
    await mkdir(folder, { recursive: true });
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(folder, `${name}-${kind}.png`), fullPage: true });
  };
  await shoot("light");
  await page.emulateMedia({ colorScheme: "dark" });
  await shoot("dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 390, height: 844 });
  await shoot("narrow");
  const overflow = () =>
    page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  await expect.poll(overflow, { message: `${name} is wider than 390 px` }).toBeLessThanOrEqual(0);
  await page.setViewportSize(wide);
}

test("a reviewer finds what waits, sees what it would do, and approves with a reason", async () => {
  const { page } = browser;
  await signIn("rick");
  const link = page.getByRole("link", { name: /^Reviews/ });
  await expect.poll(() => link.textContent(), patience).toBe("Reviews1 to decide");
  await link.click();
  await heading("Reviews");
  const card = page.getByRole("article", { name: statement });
  await card.getByText("Missing: 1 approval from dba").waitFor();
  await look("reviews");
  await card.getByRole("link").click();
  await heading("ada on pg-prod");
  await page.getByText("128 rows").waitFor();
  const table = page.getByRole("table", { name: "Before and after" });
  expect(await table.getByRole("row").nth(1).textContent()).not.toContain("4111111111111111");
  await page.getByText("trigger orders_audit").waitFor();
  await page.getByText("2 statements before it").click();
  await look("review");
  const approve = page.getByRole("button", { name: "Approve" });
  expect(await approve.isDisabled()).toBe(true);
  await page.getByRole("textbox", { name: "Comment" }).fill("Is this the refund of ticket 812?");
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  await page.getByText("Is this the refund of ticket 812?").last().waitFor();
  await page.getByLabel(/^Reason/).fill("checked with finance");
  await approve.click();
  await page.getByText("Approved", { exact: true }).waitFor();
  await page.locator(".said").getByText("checked with finance").waitFor();
  await expect.poll(() => link.textContent(), patience).toBe("Reviews");
  await look("review-approved");
});

test("what is approved can be taken back until it is used", async () => {
  const { page } = browser;
  await page.getByRole("heading", { name: "Take it back" }).waitFor();
  await page.getByLabel(/^Reason/).fill("finance called back");
  await page.getByRole("button", { name: "Deny" }).click();
  await page.getByText("Denied", { exact: true }).waitFor();
  await page.getByText("denied by rick").waitFor();
});

test("who asked breaks the glass where a rule lets them, and it is red everywhere", async () => {
  const { page } = browser;
  const id = await hold("delete from locks where held_by = 'batch'", { breakGlass: ["engineers"] });
  await signIn("ada");
  await open(`/reviews/${id}`);
  await heading("ada on pg-prod");
  expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
  await page.getByRole("button", { name: "Break the glass" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Why it cannot wait/).fill("the night batch blocks all orders");
  await look("review-glass-ask");
  await dialog.getByRole("button", { name: "Break the glass" }).click();
  await page.getByRole("alert").getByText("ada broke the glass").waitFor();
  await look("review-glass");
  await open("/reviews?view=mine");
  await page.getByRole("article", { name: id }).getByText("Break-glass").waitFor();
  await look("reviews-mine");
});

test("a character that would hide or turn the text is shown by its number", async () => {
  const { page } = browser;
  const id = await hold("delete from t where a = 1 -- \u202e1 dna\u200b");
  await signIn("rick");
  await open(`/reviews/${id}`);
  await page.getByText("U+202E", { exact: true }).waitFor();
  await page.getByText("U+200B", { exact: true }).waitFor();
});

test("a stranger is told that there is no such review", async () => {
  const { page } = browser;
  const { identity } = console.deps;
  await identity.users.create({ name: "sam", password, groups: ["engineers"] });
  await signIn("sam");
  await open(`/reviews/${statement}`);
  await page
    .getByRole("alert")
    .getByText(/There is no review/)
    .waitFor();
  browser.problems.splice(0);
  await open("/reviews");
  await page.getByText("Nothing waits for your word").waitFor();
});

test("access is asked for, approved, there for its time, and given back", async () => {
  const { page } = browser;
  await signIn("ada");
  await page.getByRole("link", { name: "Access" }).click();
  await heading("Access");
  await page.getByText("No access is granted for a time").waitFor();
  await page.getByRole("button", { name: "Ask for access" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/pg-billing/).check();
  await dialog.getByLabel("write").check();
  await dialog.getByLabel("For how long").selectOption({ label: "2 hours" });
  await dialog.getByLabel("Ticket").fill("OPS-7");
  await dialog.getByLabel(/^Reason/).fill("fix the orders of last night");
  await look("access-ask");
  await dialog.getByRole("button", { name: "Ask", exact: true }).click();
  await heading("ada asks for access to pg-billing");
  await page.getByText("OPS-7").waitFor();
  await look("access-review");
  const id = page.url().split("/").at(-1)!;

  await signIn("rick");
  await open(`/reviews/${id}`);
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("Approved", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Revoke" }).waitFor();

  await signIn("ada");
  await open("/access");
  const row = page.getByRole("row", { name: new RegExp(id) });
  await row.getByText("OPS-7").waitFor();
  await look("access");
  await row.getByRole("button", { name: "Give back" }).click();
  await dialog.getByRole("button", { name: "Give back" }).click();
  await row.getByText(/given back/).waitFor();
  await expect.poll(() => console.deps.reviews.grants.of(ada.id), patience).toEqual([]);
});
