import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { freePort, type PostgresServer, startPostgres } from "../support/postgres.js";
import { startBrowser, type TestBrowser } from "./browser.js";

let postgres: PostgresServer;
let hoop: RunningHoop;
let browser: TestBrowser;
let work: string;

const clean = {
  ...{ PATH: process.env.PATH!, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" },
  ...{ GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@x", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@x" },
};
const git = (...args: string[]) => execFileSync("git", ["-C", work, ...args], { env: clean, encoding: "utf8" }).trim();

async function commit(file: string, text: string): Promise<string> {
  await writeFile(join(work, file), text);
  git("add", "-A");
  git("commit", "-q", "-m", file);
  return git("rev-parse", "HEAD");
}

beforeAll(async () => {
  postgres = await startPostgres({ version: 15 });
  const root = join(postgres.folder, "repositories");
  work = join(root, "ops");
  await mkdir(work, { recursive: true });
  execFileSync("git", ["init", "-q", "-b", "main", work], { env: clean });
  hoop = await startHoop({ target: postgres, agent: false, gateway: { HOOP_RUNBOOKS_FILE_ROOT: root } });
  const nobody = await freePort();
  await hoop.hoop("admin", ["exporters", "add", "disk", "--to", "file:hoop.jsonl"]);
  await hoop.hoop("admin", ["exporters", "add", "siem", "--to", `http://127.0.0.1:${nobody}/in`]);
  // Something to tell.
  await hoop.hoop("admin", ["users", "add", "bob", "--password-stdin"], "correct horse battery");
  browser = await startBrowser();
  browser.page.setDefaultTimeout(45_000);
});
afterAll(async () => {
  await browser?.close();
  await hoop?.stop();
  await postgres?.stop();
});

async function shot(name: string): Promise<void> {
  const folder = join(import.meta.dirname, "../../.cache/screenshots");
  await mkdir(folder, { recursive: true });
  await browser.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

test("exporters show how far they are and what is wrong, and take a test", async () => {
  const { page } = browser;
  await page.goto(`${hoop.http}/events?view=exporters`);
  await page.getByLabel(/^User/).fill("admin");
  await page.getByLabel(/^Password/).fill(readFileSync(join(hoop.folder, "password"), "utf8"));
  await page.getByRole("button", { name: "Sign in" }).click();
  const row = (name: string) => page.getByRole("row", { name: new RegExp(`^${name}`) });
  await expect.poll(() => row("disk").textContent()).toContain("delivers");
  await expect.poll(() => row("disk").textContent()).toMatch(/file hoop.jsonl.*delivers.*event \d/);
  await expect.poll(() => row("siem").textContent()).toMatch(/127\.0\.0\.1.*fails.*cannot be reached/);
  await shot("exporters");
  await row("disk").getByRole("button", { name: "Send a test" }).click();
  await page.getByText("disk took a line that says that it is a test").waitFor();
  const file = join(hoop.folder, "gateway/exports/hoop.jsonl");
  await expect.poll(() => existsSync(file) && readFileSync(file, "utf8")).toContain('"type":"exporter.test"');
  // What the receiver of the other says is said here, not in the browser's log.
  await row("siem").getByRole("button", { name: "Send a test" }).click();
  await page.getByRole("alert").waitFor();
  await shot("exporters-problem");
  browser.problems.splice(0);
});

test("repositories of runbooks show what was taken, are looked at on demand, and say what was wrong", async () => {
  const { page } = browser;
  const head = await commit(
    "check.runbook.md",
    "---\napiVersion: hoop/v1\nkind: runbook\nmetadata: { name: check }\nspec:\n  steps: [{ name: go, connection: pg, sql: select 1 }]\n---\n",
  );
  await hoop.hoop("admin", ["runbook", "source", "ops", "--url", `file://${work}`]);
  await page.getByRole("link", { name: "Runbooks" }).click();
  const row = page.getByRole("table", { name: "Repositories" }).getByRole("row", { name: /^ops/ });
  await row.waitFor();
  await row.getByRole("button", { name: "Look now" }).click();
  await expect.poll(() => row.textContent()).toContain(head.slice(0, 10));
  await page.getByRole("link", { name: "check", exact: true }).waitFor();
  await commit("broken.runbook.md", "---\nkind: runbook\n---\n");
  await row.getByRole("button", { name: "Look now" }).click();
  await expect.poll(() => row.textContent()).toMatch(/fails.*broken.runbook.md is wrong/);
  await shot("runbook-sources");
});

afterEach(() => {
  expect(browser.problems.splice(0)).toEqual([]);
});
