import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBrowser, type TestBrowser } from "../web/browser.js";
import { builtCli, type RunningCli, startGateway } from "./gateway.js";

const checkout = dirname(dirname(builtCli));
let browser: TestBrowser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

/** Begins `hoop login` and answers what it shows, and how it ends. */
async function beginLogin(gateway: RunningCli, who: string) {
  const { child, lines, exit } = gateway.spawn(who, ["login", gateway.url, "--json"]);
  const first = JSON.parse((await lines.next()).value) as {
    event: string;
    url: string;
    code: string;
    complete: string;
  };
  expect(first).toMatchObject({ event: "code", url: `${gateway.url}/login/device` });
  return { ...first, lines, exit, child };
}

describe("hoop login by the page without a console", () => {
  let gateway: RunningCli;
  let elsewhere: string;
  beforeAll(async () => {
    // A copy without web/: what an operator has who built the gateway alone.
    elsewhere = mkdtempSync(join(tmpdir(), "hoop-bare-"));
    cpSync(join(checkout, "dist"), join(elsewhere, "dist"), { recursive: true });
    cpSync(join(checkout, "package.json"), join(elsewhere, "package.json"));
    symlinkSync(join(checkout, "node_modules"), join(elsewhere, "node_modules"));
    gateway = await startGateway(join(elsewhere, "dist", "cli.js"));
  });
  afterAll(async () => {
    await gateway?.stop();
    rmSync(elsewhere, { recursive: true, force: true });
  });

  const fillIn = async (page: Page, password: string, button: string): Promise<void> => {
    await page.getByLabel("User").fill("admin");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: button }).click();
  };

  it("signs the program in whose code was typed, and a wrong password first does no harm", async () => {
    const login = await beginLogin(gateway, "by-form");
    const { page } = browser;
    await page.goto(login.url);
    await page.getByLabel("Code").fill(login.code);
    await fillIn(page, "not the password", "Sign it in");
    await page.getByRole("status").waitFor();
    expect(await page.getByRole("status").textContent()).toMatch(/wrong/);
    await fillIn(page, gateway.password, "Sign it in");
    await page.getByText("is signed in as admin").waitFor();
    expect(JSON.parse((await login.lines.next()).value)).toEqual({
      event: "logged-in",
      gateway: gateway.url,
      subject: "admin",
    });
    expect(await login.exit).toBe(0);
    expect(JSON.parse((await gateway.hoop("by-form", ["whoami", "--json"])).stdout)).toMatchObject({ name: "admin" });
  });

  it("ends the program's wait with exit code 4 when the person denies it", async () => {
    const login = await beginLogin(gateway, "denied");
    await browser.page.goto(login.complete);
    expect(await browser.page.getByLabel("Code").inputValue()).toBe(login.code);
    await fillIn(browser.page, gateway.password, "Deny");
    await browser.page.getByText("was denied").waitFor();
    expect(await login.exit).toBe(4);
    expect((await gateway.hoop("denied", ["whoami"])).code).toBe(3);
  });
});

describe.skipIf(!existsSync(join(checkout, "web", "dist", "index.html")))("hoop login by the console", () => {
  let gateway: RunningCli;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());

  it("leads through the sign-in to the code, and signs the program in", async () => {
    const before = browser.problems.length;
    const login = await beginLogin(gateway, "by-console");
    const { page } = browser;
    await page.goto(login.complete);
    await page.getByLabel("User").fill("admin");
    await page.getByRole("textbox", { name: "Password" }).fill(gateway.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText(login.code).waitFor();
    await page.getByRole("button", { name: "Sign it in" }).click();
    await page.getByText("is signed in as admin").waitFor();
    expect(await login.exit).toBe(0);
    expect(JSON.parse((await gateway.hoop("by-console", ["whoami", "--json"])).stdout)).toMatchObject({
      name: "admin",
    });
    expect(browser.problems.slice(before)).toEqual([]);
  });
});
