import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { parseDocuments } from "../../src/policy/parse-documents.js";
import { password } from "../api/support.js";
import { startBrowser, type TestBrowser } from "./browser.js";
import { fillWithSample, type Sample } from "./sample.js";
import { startConsole, type TestConsole } from "./start-console.js";

// One story: each test goes on where the one before ended.
let console: TestConsole;
let browser: TestBrowser;
let sample: Sample;

beforeAll(async () => {
  console = await startConsole();
  browser = await startBrowser();
  browser.page.setDefaultTimeout(45_000);
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});
afterEach(() => {
  const problems = browser.problems.splice(0);
  expect(problems).toEqual([]);
});

const patience = { timeout: 30_000, interval: 250 };

const heading = (name: string) => browser.page.getByRole("heading", { level: 1, name }).waitFor();
/** A field by its whole label; what is required carries a star. */
const labelled = (label: string) => new RegExp(`^${label}( \\*)?$`);
const open = (path: string) => browser.page.goto(console.url + path);

async function changePolicyBySomebodyElse(): Promise<void> {
  const { store } = console.deps.policy;
  const { revision } = await store.read();
  const late = `
apiVersion: hoop/v1
kind: guard
metadata: { name: late-rule }
spec:
  when: { noWhere: any }
  action: deny
`;
  await store.write({ put: parseDocuments(late), remove: [], expected: revision, author: null });
  await expect.poll(() => console.deps.policy.source.current().documents.length, patience).toBeGreaterThan(12);
}

/** With HOOP_SCREENSHOTS a picture of each page is kept there: light, dark and narrow. */
async function picture(name: string): Promise<void> {
  const folder = process.env.HOOP_SCREENSHOTS;
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  const { page } = browser;
  const wide = page.viewportSize()!;
  const told = page.locator(".mantine-Notification-root");
  await expect.poll(() => told.count(), patience).toBe(0);
  const shoot = (kind: string) => page.screenshot({ path: join(folder, `${name}-${kind}.png`) });
  await shoot("light");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(300);
  await shoot("dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(folder, `${name}-narrow.png`), fullPage: true });
  await page.setViewportSize(wide);
}

/** Nothing sticks out to the right on a telephone. */
async function fitsNarrow(name: string): Promise<void> {
  const { page } = browser;
  const wide = page.viewportSize()!;
  await page.setViewportSize({ width: 390, height: 844 });
  const overflow = () =>
    page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  await expect.poll(overflow, { message: `${name} is wider than 390 px` }).toBeLessThanOrEqual(0);
  await page.setViewportSize(wide);
}

test("a fresh gateway asks for its first admin, whose token does not stay in the address", async () => {
  const { page } = browser;
  await open("/");
  await heading("Set up Hoop");
  await picture("setup");
  const offer = await console.deps.identity.setup.offer();
  await open(`/setup?token=${offer!.token}`);
  await page.waitForURL(`${console.url}/setup`);
  expect(await page.getByLabel("Setup token").inputValue()).toBe(offer!.token);
  await page.getByLabel(labelled("User")).fill("ada");
  await page.getByLabel(labelled("Password")).fill(password);
  await page.getByRole("button", { name: "Create the first admin" }).click();
  await heading("Connections");
  await page.getByText("No connections yet").waitFor();
  sample = await fillWithSample(console);
});

test("what an admin adds is there with what to type, and no secret stays in the browser's storage", async () => {
  const { page } = browser;
  await page.getByRole("button", { name: "Add a connection" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(labelled("Name")).fill("pg-new");
  await dialog.getByLabel(labelled("Host")).fill("db.new.internal");
  await dialog.getByLabel(labelled("User")).fill("app");
  await dialog.getByLabel(labelled("Password")).fill("a secret of the target");
  await dialog.getByLabel("Labels").fill("env=test\nteam=web");
  await picture("connection-add");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.waitFor({ state: "detached" });

  const card = page.getByRole("article", { name: "pg-new" });
  await card.getByText("team=web").waitFor();
  await card.getByRole("button", { name: "Copy what to type" }).click();
  await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toBe("psql -h pg-new.hoop");
  expect(
    await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])"),
  ).not.toMatch(/hoop_|secret|csrf/i);
});

test("a connection is tested, edited and removed", async () => {
  const { page } = browser;
  const card = page.getByRole("article", { name: "pg-new" });
  await card.getByRole("button", { name: "Test" }).click();
  await card.getByText("Nothing answers at pg-new").waitFor();
  await card.getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Labels").fill("env=prod");
  await dialog.getByRole("button", { name: "Save" }).click();
  await card.getByText("env=prod").waitFor();
  await fitsNarrow("connections");
  await card.getByRole("button", { name: "Remove" }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await card.waitFor({ state: "detached" });
  await picture("connections");
});

test("a form says what the gateway refuses, and stays open", async () => {
  const { page } = browser;
  await page.getByRole("button", { name: "Add a connection" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(labelled("Name")).fill("not_a_name");
  await dialog.getByLabel(labelled("Host")).fill("db.internal");
  await dialog.getByLabel(labelled("User")).fill("app");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByRole("alert").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  // The browser itself writes down each answer that is none of the 200s.
  await expect.poll(() => browser.problems).toEqual([expect.stringContaining("400 (Bad Request)")]);
  browser.problems.splice(0);
});

test("a session shows what was asked, what was denied and why", async () => {
  const { page } = browser;
  await page.getByRole("link", { name: "Sessions" }).first().click();
  await heading("Sessions");
  await page.getByRole("table", { name: "Live sessions" }).getByText("grace").waitFor();
  await picture("sessions-live");
  await page.getByRole("tab", { name: "Recorded" }).click();
  await page.getByRole("table", { name: "Recorded sessions" }).waitFor();
  await picture("sessions-recorded");
  await fitsNarrow("sessions");
  await open(`/sessions/${sample.closed}`);
  await heading("grace on pg-demo");
  const denied = page.getByRole("listitem").filter({ hasText: "delete from customers" });
  await denied.getByText("Denied").waitFor();
  await denied.getByText("DELETE and UPDATE need a WHERE").waitFor();
  await page.getByText("100 masked cells").waitFor();
  await picture("session");
  await fitsNarrow("session");
  await page.getByLabel("Denied only (1)").check();
  await expect.poll(() => page.getByRole("list", { name: "Entries" }).locator("pre").count()).toBe(1);
});

test("an open session is ended with a reason", async () => {
  const { page } = browser;
  const killed = new Promise<string>((resolve) => console.deps.sessions.onKill(({ reason }) => resolve(reason)));
  await open(`/sessions/${sample.open}`);
  await page.getByRole("button", { name: "End this session" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("maintenance");
  await picture("session-end");
  await page.getByRole("dialog").getByRole("button", { name: "End it" }).click();
  await page.getByText("The session ends").waitFor();
  expect(await killed).toBe("maintenance");
});

test("policy is explained, simulated, planned and applied", async () => {
  const { page } = browser;
  await page.getByRole("link", { name: "Policy" }).click();
  await heading("Policy");
  await page.getByText("engineers-read").first().waitFor();
  await picture("policy-rules");
  await fitsNarrow("policy rules");
  await page.getByRole("tab", { name: "Simulate" }).click();
  await page.getByLabel(labelled("User")).fill("grace");
  await page.getByLabel("Statement").fill("select email from customers");
  await page.getByRole("button", { name: "What would happen?" }).click();
  await page.getByRole("region", { name: "Result" }).getByText("Allowed").waitFor();
  await picture("policy-simulate");
  await page.getByRole("tab", { name: "Edit" }).click();
  const editor = page.getByLabel("Policy documents (YAML)");
  await editor.fill((await editor.inputValue()).replace("Engineers read everywhere.", "Engineers may look."));
  await page.getByRole("button", { name: "Plan" }).click();
  await page.getByRole("region", { name: "Plan" }).getByText("1 document would change").waitFor();
  await picture("policy-plan");
  await fitsNarrow("policy plan");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByText("The policy is applied").waitFor();
  // What somebody else changes does not take away what is being written.
  await editor.fill("# mine\n");
  await changePolicyBySomebodyElse();
  // Whoever comes back to the page sees what is new.
  await expect
    .poll(async () => {
      await page.evaluate("window.dispatchEvent(new Event('visibilitychange'))");
      return page.getByText("The policy has changed since you began").isVisible();
    }, patience)
    .toBe(true);
  expect(await editor.inputValue()).toBe("# mine\n");
  await page.getByRole("button", { name: "Start over" }).click();
  await expect.poll(() => editor.inputValue()).toContain("name: late-rule");
  await page.getByRole("tab", { name: "History" }).click();
  await page.getByRole("table", { name: "Changes" }).getByText("ada").first().waitFor();
  await picture("policy-history");
});

test("an agent gets a token and the command to type", async () => {
  const { page } = browser;
  await page.getByRole("link", { name: "Agents" }).click();
  await heading("Agents");
  await page.getByText("site-a").first().waitFor();
  await picture("agents");
  await fitsNarrow("agents");
  await page.getByRole("button", { name: "Add an agent" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(labelled("Name")).fill("site-b");
  await dialog.getByLabel("What it may dial").fill("db.internal:5432 *.db.internal:5432");
  await dialog.getByRole("button", { name: "Make a join token" }).click();
  await dialog
    .getByText(
      "hoop agent --gateway https://127.0.0.1:7443 --join hoop_jt_x --allow db.internal:5432 --allow '*.db.internal:5432'",
    )
    .waitFor();
  await picture("agent-join");
  await dialog.getByRole("button", { name: "Done" }).click();
});

test("users and groups", async () => {
  const { page } = browser;
  await page.getByRole("link", { name: "Users & groups" }).click();
  await heading("Users & groups");
  await page.getByText("grace@example.com").waitFor();
  await picture("users");
  await fitsNarrow("users");
  await page.getByRole("button", { name: "Add a user" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(labelled("Name")).fill("edsger");
  await dialog.getByLabel("engineers").check();
  await picture("user-add");
  await dialog.getByRole("button", { name: "Add" }).click();
  await page
    .getByRole("row", { name: /edsger/ })
    .getByText("engineers")
    .waitFor();
  await page
    .getByRole("row", { name: /edsger/ })
    .getByRole("button", { name: "Disable" })
    .click();
  await dialog.getByRole("button", { name: "Disable" }).click();
  await page
    .getByRole("row", { name: /edsger/ })
    .getByText("disabled", { exact: true })
    .waitFor();
  await page.getByRole("tab", { name: "Groups" }).click();
  await page.getByRole("table", { name: "Groups" }).getByText("writers").waitFor();
  await picture("groups");
});

test("the record is verified and downloaded", async () => {
  const { page } = browser;
  await page.getByRole("link", { name: "Audit" }).click();
  await heading("Audit");
  await page.getByRole("button", { name: "Verify now" }).click();
  await page.getByText("Whole", { exact: true }).waitFor();
  // Verifying signs where the chain stands.
  await page.getByRole("table", { name: "Chains" }).waitFor();
  await picture("audit");
  await fitsNarrow("audit");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download the export" }).click();
  expect((await download).suggestedFilename()).toBe("hoop-audit.ndjson");
});

test("what does not answer says so, and is asked again on demand", async () => {
  const { page } = browser;
  await page.route("**/api/v1/groups", (route) => route.fulfill({ status: 502, body: "<html>bad gateway</html>" }));
  await open("/users?view=groups");
  await page.getByRole("alert").getByText("The gateway answered 502").waitFor();
  await picture("problem");
  await page.unroute("**/api/v1/groups");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("table", { name: "Groups" }).waitFor();
  const told = browser.problems.splice(0);
  expect(told.length).toBeGreaterThan(0);
  expect(told.every((problem) => problem.includes("502"))).toBe(true);
});

test("on a narrow screen the menu opens, leads on and closes; the keyboard reaches the content and the filter", async () => {
  const { page } = browser;
  const wide = page.viewportSize()!;
  await page.setViewportSize({ width: 390, height: 844 });
  await open("/audit");
  await heading("Audit");
  const link = page.getByRole("link", { name: "Sessions" });
  await link.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Open the menu" }).click();
  await link.click();
  await heading("Sessions");
  await link.waitFor({ state: "hidden" });
  await page.setViewportSize(wide);
  await open(`/sessions/${sample.closed}`);
  await page.getByLabel("Find in what is shown").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("content");
  await page.keyboard.press("/");
  await page.keyboard.type("ordres");
  await page.getByText("select count(*)").waitFor({ state: "detached" });
});

test("the colours are chosen and kept", async () => {
  const { page } = browser;
  await open("/profile");
  await heading("Profile");
  await picture("profile");
  await fitsNarrow("profile");
  await page.getByRole("button", { name: "Use the dark colours" }).click();
  await page.reload();
  await expect.poll(() => page.locator("html").getAttribute("data-mantine-color-scheme")).toBe("dark");
  await page.getByRole("button", { name: "Use the light colours" }).click();
});

test("a program is signed in by its code", async () => {
  const { page } = browser;
  const start = await fetch(`${console.url}/api/v1/login/device`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ client: "hoop on ada's laptop" }),
  });
  const begun = (await start.json()) as { device_code: string; user_code: string; verification_uri_complete: string };
  await page.goto(begun.verification_uri_complete);
  await page.getByText("hoop on ada's laptop").waitFor();
  await page.getByText(begun.user_code).waitFor();
  await picture("device");
  await page.getByRole("button", { name: "Sign it in" }).click();
  await page.getByText("is signed in as ada").waitFor();
  const token = await fetch(`${console.url}/api/v1/login/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ deviceCode: begun.device_code }),
  });
  expect(await token.json()).toMatchObject({ subject: { name: "ada" } });
});

test("signed out, every page leads to the login and back, on this site only", async () => {
  const { page } = browser;
  await open("/profile");
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await heading("Sign in");
  await picture("login");
  await fitsNarrow("login");
  await open("/sessions?view=recorded");
  await heading("Sign in");
  await page.getByLabel(labelled("User")).fill("grace");
  await page.getByLabel(labelled("Password")).fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await expect.poll(() => browser.problems).toEqual([expect.stringContaining("401 (Unauthorized)")]);
  browser.problems.splice(0);
  await page.getByLabel(labelled("Password")).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${console.url}/sessions?view=recorded`);
  await heading("Sessions");
  // A login that ended elsewhere leads to the login, too.
  await browser.context.clearCookies();
  await page.getByRole("link", { name: /^grace/ }).click();
  await heading("Sign in");
  expect(new Set(browser.problems.splice(0).map((problem) => problem.includes("401")))).toEqual(new Set([true]));
  await page.getByLabel(labelled("User")).fill("grace");
  await page.getByLabel(labelled("Password")).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await heading("Profile");
  // An engineer is not offered what the API would refuse.
  await expect
    .poll(() => page.getByRole("navigation").getByRole("link").allInnerTexts())
    .toEqual(["Connections", "Sessions", "Reviews", "Access", "Credentials", "Runbooks", "Machines"]);
  await open("/profile");
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await heading("Sign in");
  await open("/login?to=//evil.example/");
  await page.getByLabel(labelled("User")).fill("grace");
  await page.getByLabel(labelled("Password")).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await heading("Connections");
  expect(new URL(page.url()).origin).toBe(console.url);
});
