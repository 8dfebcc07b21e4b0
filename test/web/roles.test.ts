import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { password } from "../api/support.js";
import { startBrowser, type TestBrowser } from "./browser.js";
import { fillWithSample } from "./sample.js";
import { startConsole, type TestConsole } from "./start-console.js";

// One story: Root makes a role and gives it by labels; Lea, who has it, sees what it comes to.
let console: TestConsole;
let browser: TestBrowser;

beforeAll(async () => {
  console = await startConsole();
  const { identity, connections } = console.deps;
  await identity.setup.seed({ name: "root", password });
  await fillWithSample(console);
  await identity.groups.create("payments-leads", "Lead the payments team.");
  await identity.users.create({ name: "lea", groups: ["payments-leads"], password });
  const { store, ...directories } = identity.directories;
  const okta = await directories.create({ name: "okta", groupPrefix: "okta-" }, null);
  await directories
    .provisioning(okta)
    .addPerson({ userName: "olga@example.com", emails: [{ value: "olga@example.com" }] });
  await directories.provisioning(okta).addTeam({ displayName: "Data Team" });
  expect((await store.people(okta.id, { filter: null, offset: 0, limit: 0 })).total).toBe(1);
  for (const [name, team] of [
    ["pg-payments", "payments"],
    ["pg-other", "other"],
  ] as const)
    await connections.create(
      { name, protocol: "postgres", host: "db.internal", target: { user: "app" }, labels: { team } },
      null,
    );
  browser = await startBrowser();
  browser.page.setDefaultTimeout(45_000);
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});
afterEach(() => expect(browser.problems.splice(0)).toEqual([]));

const open = (path: string) => browser.page.goto(console.url + path);

async function signIn(name: string): Promise<void> {
  const { page } = browser;
  await browser.context.clearCookies();
  await open("/login");
  await page.getByLabel(/^User( \*)?$/).fill(name);
  await page.getByLabel(/^Password( \*)?$/).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Connections" }).waitFor();
}

/** With HOOP_SCREENSHOTS a picture is kept there. */
async function picture(name: string): Promise<void> {
  const folder = process.env.HOOP_SCREENSHOTS;
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await browser.page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

test("a role is made and given by labels", async () => {
  const { page } = browser;
  await signIn("root");
  await open("/users?view=roles");
  await page.getByRole("button", { name: "Add a role" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("lead");
  await dialog.getByLabel("Description").fill("Leads the connections of a team");
  for (const permission of ["connections.read", "connections.write", "policy.read", "policy.write", "sessions.read"])
    await dialog.getByLabel(`${permission} · by labels`).check();
  await picture("role-dialog");
  await dialog.getByRole("button", { name: "Add" }).click();
  await page.getByRole("cell", { name: "Leads the connections of a team" }).waitFor();
  await page.getByRole("button", { name: "Give a role" }).click();
  await dialog.getByLabel("Role").selectOption("lead");
  await dialog.getByLabel("Group", { exact: false }).last().selectOption("payments-leads");
  await dialog.getByLabel("On connections with these labels").fill("team=payments");
  await dialog.getByRole("button", { name: "Give" }).click();
  await page.getByRole("table", { name: "Who has roles" }).getByText("team=payments").waitFor();
  await picture("roles");
  await open("/users?view=groups");
  await page.getByText("lead on team=payments").waitFor();
  await picture("groups");
  await open("/users");
  await page.getByRole("cell", { name: "okta", exact: true }).waitFor();
  await picture("users");
  await open("/users?view=directories");
  await page.getByRole("table", { name: "Directories" }).getByText("okta-").waitFor();
  await picture("directories");
});

test("who has it sees and changes what it is about, and is offered nothing else", async () => {
  const { page } = browser;
  await signIn("lea");
  await page.getByText("pg-payments").first().waitFor();
  expect(await page.getByText("pg-other").count()).toBe(0);
  const navigation = page.getByRole("navigation", { name: "Main" });
  await navigation.getByRole("link", { name: "Policy" }).waitFor();
  for (const name of ["Users & groups", "Audit", "Agents"])
    expect(await navigation.getByRole("link", { name }).count()).toBe(0);
  await page.getByRole("button", { name: "Add a connection" }).waitFor();
  await picture("delegated");
});
