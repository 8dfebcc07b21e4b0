import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { startBrowser, type TestBrowser } from "../web/browser.js";

let postgres: PostgresServer;
let hoop: RunningHoop;
let browser: TestBrowser;

const text = `---
apiVersion: hoop/v1
kind: runbook
metadata: { name: find-customer, title: Find a customer }
spec:
  who: { groups: [engineers] }
  parameters:
    - { name: customer, type: string, title: Customer, help: "As on the invoice", pattern: "[A-Za-z ]{1,40}" }
    - { name: limit, type: number, min: 1, max: 50, integer: true, default: 5 }
    - { name: kind, type: enum, values: [open, closed], default: open }
    - { name: database, type: connection, protocol: postgres }
    - { name: note, type: string, secret: true, optional: true }
  steps:
    - name: find
      connection: "{{database}}"
      sql: "select {{customer}}::text as customer, {{kind}}::text as kind limit {{limit}}::int"
    - { name: count, connection: "{{database}}", sql: "select count(*) from pg_class", when: "steps.find.rows > 0" }
---
Finds what a customer has.
`;

beforeAll(async () => {
  postgres = await startPostgres({ version: 15, settings: {} });
  hoop = await startHoop({ target: postgres, agent: false });
  const file = join(hoop.folder, "find.runbook.md");
  await writeFile(file, text);
  await hoop.hoop("admin", ["runbook", "write", file]);
  browser = await startBrowser();
  browser.page.setDefaultTimeout(45_000);
});
afterAll(async () => {
  await browser?.close();
  await hoop?.stop();
  await postgres?.stop();
});

/** With HOOP_SCREENSHOTS a picture of each page is kept there. */
async function picture(name: string): Promise<void> {
  const folder = process.env.HOOP_SCREENSHOTS;
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await browser.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

test("a person fills in the form that the parameters make, looks at what it would do, and runs it", async () => {
  const { page } = browser;
  await page.goto(`${hoop.http}/runbooks`);
  await page.getByLabel(/^User/).fill("ada");
  await page.getByLabel(/^Password/).fill(hoop.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "find-customer" }).waitFor();
  await picture("runbooks");
  await page.getByRole("link", { name: "find-customer" }).click();
  await page.getByRole("heading", { level: 1, name: "Find a customer" }).waitFor();
  await page.getByLabel(/^Customer/).fill("Ada Lovelace");
  await page.getByLabel(/^database/).selectOption("pg");
  await page.getByRole("button", { name: "What would it do?" }).click();
  const dry = page.getByRole("region", { name: "What it would do" });
  await expect.poll(() => dry.textContent()).toContain('$1 = "Ada Lovelace"');
  await picture("runbook");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByText("Succeeded", { exact: true }).waitFor();
  await expect.poll(() => page.getByRole("link", { name: "its session" }).count()).toBe(2);
  await picture("run");
  await page.getByRole("link", { name: "its session" }).first().click();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.goto(`${hoop.http}/runbooks/find-customer`);
  await page.getByLabel(/^Customer/).fill("not; allowed");
  await page.getByLabel(/^database/).selectOption("pg");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByText(/customer must match/).waitFor();
});

test("the review of a run shows what it was given and what each step would send, and no secret", async () => {
  const { page } = browser;
  const file = join(hoop.folder, "reviewed.runbook.md");
  await writeFile(
    file,
    text
      .replaceAll("find-customer", "reviewed")
      .replace("spec:\n", "spec:\n  review: { approvals: [{ count: 1, groups: [admins] }] }\n"),
  );
  await hoop.hoop("admin", ["runbook", "write", file]);
  const id = (
    await hoop.hoop(
      "engineer",
      ["runbook", "run", "reviewed", "--no-wait", "--param", "customer=Ada Lovelace", "--param", "database=pg"],
      "",
    )
  ).trim();
  await page.goto(`${hoop.http}/runs/${id}`);
  await page.getByText("Waits for approval", { exact: true }).waitFor();
  await page.getByRole("link", { name: /^[a-z]{5}-[a-z]{5}$/ }).click();
  await page.getByRole("heading", { level: 1, name: "ada asks to run a runbook" }).waitFor();
  const held = page.getByRole("region", { name: "What is held" });
  await expect.poll(() => held.textContent()).toContain("Ada Lovelace");
  const shown = (await held.textContent()) ?? "";
  for (const part of ["not given", "find on pg", "allow", "when steps.find.rows > 0", '$1 = "Ada Lovelace"'])
    expect(shown).toContain(part);
  await page.getByRole("link", { name: "reviewed", exact: true }).waitFor();
  await picture("run-review");
  await page.getByRole("link", { name: "how it stands" }).click();
  await page.getByRole("heading", { level: 1, name: "Run of reviewed" }).waitFor();
  await hoop.hoop("engineer", ["runbook", "cancel", id]);
});
