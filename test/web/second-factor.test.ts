import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { CDPSession } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { SubjectId } from "../../src/vocabulary/index.js";
import { codeOf } from "../api/factor-people.js";
import { password } from "../api/support.js";
import { startBrowser, type TestBrowser } from "./browser.js";
import { startConsole, type TestConsole } from "./start-console.js";

// One story: each test goes on where the one before ended. Passkeys need a name, so the console is opened as localhost.
let console: TestConsole;
let url: string;
let browser: TestBrowser;
let authenticator: CDPSession;
let ada: SubjectId;
let secret = "";
let recoveryCodes: string[] = [];

beforeAll(async () => {
  console = await startConsole();
  url = console.url.replace("127.0.0.1", "localhost");
  ada = (await console.deps.identity.setup.seed({ name: "ada", password }))!.id;
  browser = await startBrowser();
  browser.page.setDefaultTimeout(45_000);
  authenticator = await browser.context.newCDPSession(browser.page);
  await authenticator.send("WebAuthn.enable");
  await authenticator.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});
afterEach(() => {
  expect(browser.problems.splice(0)).toEqual([]);
});

const heading = (name: string) => browser.page.getByRole("heading", { level: 1, name }).waitFor();
const labelled = (label: string) => new RegExp(`^${label}( \\*)?$`);
const open = (path: string) => browser.page.goto(url + path);
const button = (name: string) => browser.page.getByRole("button", { name, exact: true });
/** The browser itself writes down each answer that is none of the 200s. */
async function expectRefusal(status: number): Promise<void> {
  await expect.poll(() => browser.problems).toEqual([expect.stringContaining(`status of ${status}`)]);
  browser.problems.splice(0);
}

async function knock(): Promise<void> {
  const { page } = browser;
  await page.getByLabel(labelled("User")).fill("ada");
  await page.getByLabel(labelled("Password")).fill(password);
  await button("Sign in").click();
}

async function signOut(): Promise<void> {
  await open("/profile");
  await button("Sign out").click();
  await heading("Sign in");
}

/** With HOOP_SCREENSHOTS a picture is kept there: light, dark and narrow. */
async function picture(name: string): Promise<void> {
  const { page } = browser;
  const wide = page.viewportSize()!;
  const folder = process.env.HOOP_SCREENSHOTS;
  if (folder !== undefined) {
    await mkdir(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}-light.png`) });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(folder, `${name}-dark.png`) });
    await page.emulateMedia({ colorScheme: "light" });
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(150);
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}-narrow.png`), fullPage: true });
  const overflow = () =>
    page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  await expect.poll(overflow, { message: `${name} is wider than 390 px` }).toBeLessThanOrEqual(0);
  await page.setViewportSize(wide);
}

test("an authenticator is set up from the profile, and its recovery codes are shown once", async () => {
  const { page } = browser;
  await open("/profile");
  await heading("Sign in");
  await picture("sign-in");
  await knock();
  await heading("Profile");
  await page.getByText("None. With one, a stolen password opens nothing.").waitFor();
  await button("Set up an authenticator").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByAltText(/QR code/).waitFor();
  await picture("totp-setup");
  secret = (await dialog.locator(".command code").textContent())!.replaceAll(" ", "");
  await dialog.getByLabel(labelled("Code")).fill("000000");
  await dialog.getByRole("button", { name: "Add it" }).click();
  await dialog.getByText("The code is wrong").waitFor();
  await expectRefusal(403);
  await dialog.getByLabel(labelled("Code")).fill(await codeOf(secret, -1));
  await dialog.getByRole("button", { name: "Add it" }).click();
  await dialog.getByRole("list", { name: "Recovery codes" }).waitFor();
  recoveryCodes = await dialog.getByRole("listitem").allTextContents();
  expect(recoveryCodes).toHaveLength(10);
  await picture("recovery-codes");
  await dialog.getByRole("button", { name: "Copy" }).click();
  await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toContain(recoveryCodes[9]);
  const downloading = page.waitForEvent("download");
  await dialog.getByRole("link", { name: "Download" }).click();
  expect((await downloading).suggestedFilename()).toBe("hoop-recovery-codes.txt");
  await dialog.getByRole("button", { name: "I have kept them" }).click();
  await page.getByRole("table", { name: "Second factors" }).getByText("Authenticator", { exact: true }).waitFor();
  await page.getByText("10 recovery codes left").waitFor();
  expect(await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")).not.toContain(secret);
});

test("adding a passkey asks for the factor that is there, then makes it", async () => {
  const { page } = browser;
  await button("Add a passkey").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: "Is it you?" }).waitFor();
  await expectRefusal(412);
  await picture("prove");
  await dialog.getByLabel(labelled("Code")).fill(recoveryCodes[0]!);
  await dialog.getByRole("button", { name: "Go on" }).click();
  const table = page.getByRole("table", { name: "Second factors" });
  await table.getByText("Passkey on Linux").waitFor();
  await table.getByText("passkey", { exact: true }).waitFor();
  await page.getByText("9 recovery codes left").waitFor();
  await table
    .getByRole("row", { name: /Passkey on Linux/ })
    .getByRole("button", { name: "Rename" })
    .click();
  await dialog.getByLabel(labelled("Name")).fill("This laptop");
  await dialog.getByRole("button", { name: "Save" }).click();
  await table.getByText("This laptop").waitFor();
  await picture("profile");
});

test("signing in asks for the second factor: a wrong code first, then the right one", async () => {
  const { page } = browser;
  await signOut();
  await knock();
  await heading("Second factor");
  await picture("second-step");
  await page.getByLabel(labelled("Code")).fill("000000");
  await button("Go on").click();
  await page.getByText("The code is wrong or was used before").waitFor();
  // What signs nobody out asks who is signed in: nobody is, yet.
  expect(browser.problems.splice(0).every((problem) => problem.includes("401"))).toBe(true);
  await page.getByLabel(labelled("Code")).fill(await codeOf(secret));
  await button("Go on").click();
  await heading("Connections");
});

test("the passkey is the second step, too", async () => {
  await signOut();
  await knock();
  await heading("Second factor");
  await button("Use a passkey").click();
  await heading("Connections");
});

test("the passkey alone signs in, and leads to where the person wanted to go", async () => {
  await signOut();
  await open("/profile");
  await heading("Sign in");
  await button("Use a passkey").click();
  await heading("Profile");
});

test("a question of a rule is shown with its statement and answered by passkey", async () => {
  const { page } = browser;
  const challenge = await console.deps.identity.stepUps.open({
    subject: ada,
    connection: "pg-prod",
    session: null,
    shown: "update customers\n   set discount = ?\n where country = '?'",
    expiresMs: 600_000,
  });
  await open(`/step-up/${challenge.id}`);
  await heading("Confirm that it is you");
  await page.getByText("update customers").waitFor();
  await picture("step-up");
  await button("Use a passkey").click();
  await page.getByText("Answered. What waited goes on").waitFor();
  expect(console.deps.identity.freshness.age(ada, "pg-prod")).toBeLessThan(60_000);
  await picture("step-up-answered");
});

test("a question that is given up, or somebody else's, says so", async () => {
  const { page } = browser;
  const challenge = await console.deps.identity.stepUps.open({
    subject: ada,
    connection: "pg-prod",
    session: null,
    shown: null,
    expiresMs: 600_000,
  });
  await open(`/step-up/${challenge.id}`);
  await page.getByText("It is asked for opening the connection").waitFor();
  challenge.close();
  await page.getByText("Nobody waits for this answer any more").waitFor();
  await open("/step-up/BCDFG-HJKLM");
  await page.getByText("No question of this name waits for you").waitFor();
  await expectRefusal(404);
});

test("the last factor of somebody who must have one stays, and a required one is made while signing in", async () => {
  const { page } = browser;
  await console.deps.identity.factors.setPolicy({ mode: "required", groups: [], graceMs: 0 });
  await console.deps.identity.users.create({ name: "grace", password, groups: ["engineers"] });
  await open("/profile");
  const table = page.getByRole("table", { name: "Second factors" });
  const remove = async (name: RegExp) => {
    await table.getByRole("row", { name }).getByRole("button", { name: "Remove" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  };
  await remove(/Authenticator/);
  await table.getByText("Authenticator", { exact: true }).waitFor({ state: "detached" });
  await remove(/This laptop/);
  await page.getByText("This is your last second factor").waitFor();
  await expectRefusal(409);
  await signOut();
  await page.getByLabel(labelled("User")).fill("grace");
  await page.getByLabel(labelled("Password")).fill(password);
  await button("Sign in").click();
  await heading("Set up a second factor");
  await picture("enrol");
  await button("Make a passkey").click();
  await heading("Your recovery codes");
  await picture("enrol-codes");
  await button("I have kept them").click();
  await heading("Connections");
});
