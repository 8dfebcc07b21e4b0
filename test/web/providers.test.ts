import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { password } from "../api/support.js";
import { type PlainIdp, startPlainIdp } from "../identity/plain-idp.js";
import { startBrowser, type TestBrowser } from "./browser.js";
import { startConsole, type TestConsole } from "./start-console.js";

// One story: each test goes on where the one before ended.
let console: TestConsole;
let browser: TestBrowser;
let idp: PlainIdp;

beforeAll(async () => {
  [console, idp, browser] = [await startConsole(), await startPlainIdp(), await startBrowser()];
  await console.deps.identity.setup.seed({ name: "ada", password });
  browser.page.setDefaultTimeout(45_000);
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
  await idp?.close();
});
afterEach(() => {
  expect(browser.problems.splice(0)).toEqual([]);
});

const labelled = (label: string) => new RegExp(`^${label}( \\*)?$`);
const button = (name: string) => browser.page.getByRole("button", { name, exact: true });

async function picture(name: string): Promise<void> {
  const folder = process.env.HOOP_SCREENSHOTS;
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await browser.page.waitForTimeout(300);
  await browser.page.screenshot({ path: join(folder, `${name}.png`) });
}

test("an admin adds a provider, and is told what the provider must know and whether it answers", async () => {
  const { page } = browser;
  await page.goto(`${console.url}/providers`);
  await page.getByLabel(labelled("User")).fill("ada");
  await page.getByLabel(labelled("Password")).fill(password);
  await button("Sign in").click();
  await page.getByText("No sign-in providers").waitFor();
  await button("Add a provider").click();
  await page.getByLabel(labelled("Name")).fill("okta");
  await page.getByLabel(labelled("Title")).fill("Okta");
  await page.getByLabel(labelled("Issuer")).fill(idp.issuer);
  await page.getByLabel(labelled("Client id")).fill(idp.clientId);
  await page.getByLabel(labelled("Client secret")).fill(idp.secret);
  await page.getByLabel(labelled("Groups")).fill("Engineering = engineers\nhoop-* = *");
  await picture("provider-dialog");
  await button("Add").click();
  await page.getByText("okta is added").waitFor();
  await page.getByRole("cell", { name: "OpenID Connect" }).waitFor();
  await button("Addresses").click();
  await page.getByText(`${console.url}/api/v1/login/providers/okta/callback`).waitFor();
  await button("Ask it").click();
  await page.getByText(`issuer ${idp.issuer} answers`).waitFor();
  await picture("provider-addresses");
  await page.getByRole("button", { name: "Close" }).last().click();
  const { settings, hasSecret } = await console.deps.identity.providers!.list.get("okta");
  expect(hasSecret).toBe(true);
  expect(settings.groups).toEqual([
    { from: "Engineering", to: "engineers" },
    { from: "hoop-*", to: "*" },
  ]);
});

test("what is wrong is said in the dialog, and a change keeps the secret and the settings that the form does not name", async () => {
  const { page } = browser;
  await console.deps.identity.providers!.list.put(
    "okta",
    { ...(await console.deps.identity.providers!.list.get("okta")).settings, clockToleranceSeconds: 7 },
    undefined,
  );
  await page.reload();
  await button("Change").click();
  await page.getByLabel(labelled("Groups")).fill("Chiefs = admins");
  await button("Save").click();
  await page.getByText('a group of a provider may not give "admins"').waitFor();
  await expect.poll(() => browser.problems).toEqual([expect.stringContaining("status of 400")]);
  browser.problems.splice(0);
  await page.getByLabel(labelled("Groups")).fill("Engineering = engineers");
  await page.getByLabel(labelled("Title")).fill("Okta of ours");
  await button("Save").click();
  await page.getByText("okta is changed").waitFor();
  const { settings, hasSecret } = await console.deps.identity.providers!.list.get("okta");
  expect(settings).toMatchObject({ title: "Okta of ours", clockToleranceSeconds: 7 });
  expect(hasSecret).toBe(true);
  await picture("providers-page");
});

test("the sign-in page offers pages of providers and directories side by side", async () => {
  const { page } = browser;
  const directory = {
    kind: "ldap",
    title: "Corp directory",
    url: "ldap://127.0.0.1:1",
    bindDn: "cn=x",
    userBase: "dc=x",
  };
  await console.deps.identity.providers!.list.put("corp", directory, "secret");
  await browser.context.clearCookies();
  await page.goto(`${console.url}/login?to=/sessions`);
  const link = page.getByRole("link", { name: "Sign in with Okta of ours" });
  expect(await link.getAttribute("href")).toBe("/api/v1/login/providers/okta/start?to=%2Fsessions");
  await page.getByLabel(labelled("Account")).selectOption("Corp directory");
  await picture("sign-in-with-directory");
  await page.getByLabel(labelled("User")).fill("ada");
  await page.getByLabel(labelled("Password")).fill("anything");
  await button("Sign in").click();
  await page.getByText("Corp directory cannot be asked now").waitFor();
  await expect.poll(() => browser.problems).toEqual([expect.stringContaining("status of 503")]);
  browser.problems.splice(0);
  await page.getByLabel(labelled("Account")).selectOption("Hoop's own");
  await page.getByLabel(labelled("Password")).fill(password);
  await button("Sign in").click();
  await page.getByRole("heading", { level: 1, name: "Sessions" }).waitFor();
});

test("a provider that is removed is gone from the sign-in page", async () => {
  const { page } = browser;
  await page.goto(`${console.url}/providers`);
  await page.getByRole("row", { name: /okta/ }).getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("okta is removed").waitFor();
  expect((await console.deps.identity.providers!.signIns.offered()).map(({ name }) => name)).toEqual(["corp"]);
});
