import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { startOidcProvider, type TestIdp } from "../support/oidc-provider.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { startBrowser, type TestBrowser } from "../web/browser.js";

const cli = new URL("../../dist/cli.js", import.meta.url).pathname;
const built = existsSync(cli) && existsSync(new URL("../../web/dist/index.html", import.meta.url));

describe.skipIf(!built)("signing in with a browser at a real provider", () => {
  let idp: TestIdp;
  let postgres: PostgresServer;
  let hoop: RunningHoop;
  let browser: TestBrowser;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    [idp, postgres, browser] = [await startOidcProvider(), await startPostgres(), await startBrowser()];
    browser.page.setDefaultTimeout(45_000);
    hoop = await startHoop({ target: postgres, agent: false, gateway: { HOOP_PROVIDER_REFRESH_SECONDS: "5" } });
    const at = `${hoop.http}/api/v1/login/providers/okta`;
    idp.register({ redirect: `${at}/callback`, logout: `${at}/backchannel-logout` });
    writeFileSync(
      join(hoop.folder, "okta.yaml"),
      `kind: oidc
title: Okta
issuer: ${idp.issuer}
clientId: ${idp.clientId}
groups:
  - { from: Engineering, to: engineers }
`,
    );
    writeFileSync(join(hoop.folder, "okta.secret"), idp.secret);
    await hoop.hoop("admin", [
      "providers",
      "set",
      "okta",
      "-f",
      join(hoop.folder, "okta.yaml"),
      "--secret-file",
      join(hoop.folder, "okta.secret"),
    ]);
    idp.people.set("sub-grace", { email: "grace@example.com", groups: ["Engineering"] });
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await browser?.close();
    await hoop?.stop();
    await postgres?.stop();
    await idp?.close();
  });
  afterEach(() => {
    browser.problems.splice(0);
  });

  const picture = async (name: string): Promise<void> => {
    const folder = process.env.HOOP_SCREENSHOTS;
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    await browser.page.screenshot({ path: join(folder, `${name}.png`) });
  };
  const clean = (home: string): NodeJS.ProcessEnv => ({
    PATH: process.env.PATH ?? "",
    HOME: "/nonexistent",
    HOOP_HOME: join(hoop.folder, home),
  });
  const run = (home: string, args: readonly string[]) => {
    mkdirSync(join(hoop.folder, home), { recursive: true, mode: 0o700 });
    const child = spawn(process.execPath, [cli, ...args], { env: clean(home), stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
    return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator](), exit };
  };

  it("leads hoop login through the provider's page to the code, and signs the program in", async () => {
    const login = run("grace", ["login", hoop.http, "--json"]);
    const { code, complete } = JSON.parse((await login.lines.next()).value!) as { code: string; complete: string };
    const { page } = browser;
    await page.goto(complete);
    await page.getByRole("link", { name: "Sign in with Okta" }).waitFor();
    await picture("sign-in-with-provider");
    await page.getByRole("link", { name: "Sign in with Okta" }).click();
    await page.getByLabel("Who are you").fill("grace");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText(code).waitFor();
    await picture("approve-after-provider");
    await page.getByRole("button", { name: "Sign it in" }).click();
    await page.getByText("is signed in as grace").waitFor();
    expect(await login.exit).toBe(0);
    expect(browser.problems.filter((problem) => !problem.includes(idp.issuer))).toEqual([]);
    const cookies = await browser.context.cookies(hoop.http);
    expect(cookies.find(({ name }) => name === "hoop")).toMatchObject({ httpOnly: true, sameSite: "Lax" });
    expect(cookies.some(({ name }) => name === "hoop-signin")).toBe(false);
  });

  it("ends an open psql after a logout at the provider, and says why", async () => {
    const tunnel = run("grace", ["tunnel", "up", "--json", "--names", "none"]);
    let place: { address: string; port: number } | undefined;
    for await (const line of { [Symbol.asyncIterator]: () => tunnel.lines }) {
      const event = JSON.parse(line) as {
        event: string;
        connections?: { name: string; address: string; port: number }[];
      };
      if (event.event !== "ready") continue;
      place = event.connections?.find(({ name }) => name === "pg");
      break;
    }
    expect(place).toBeDefined();
    const psql = spawn(
      "psql",
      ["-X", "-h", place!.address, "-p", String(place!.port), "-d", postgres.database, "-U", "x", "-At"],
      {
        env: { PATH: process.env.PATH ?? "", PGSSLMODE: "disable", HOME: "/nonexistent" },
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
    children.push(psql);
    let [out, err] = ["", ""];
    psql.stdout.on("data", (chunk) => {
      out += chunk;
    });
    psql.stderr.on("data", (chunk) => {
      err += chunk;
    });
    psql.stdin.write("select 'in as ' || 'grace';\n");
    await expect.poll(() => out).toContain("in as grace");

    const { page } = browser;
    await page.goto(`${idp.issuer}/session/end`);
    await page.getByRole("button").first().click();
    // psql looks at what it was told when it next asks something.
    const told = (): string => {
      psql.stdin.write("select 1;\n");
      return err;
    };
    await expect.poll(told, { interval: 300 }).toMatch(/you signed out at Okta/);
    const who = run("grace", ["whoami"]);
    expect(await who.exit).toBe(3);
    tunnel.child.kill("SIGTERM");
    await tunnel.exit;
  });

  it("ends an open session when the provider refuses to renew, by asking for itself", async () => {
    idp.people.set("sub-henry", { email: "henry@example.com", groups: ["Engineering"] });
    const login = run("henry", ["login", hoop.http, "--json", "--provider", "okta"]);
    const { complete } = JSON.parse((await login.lines.next()).value!) as { complete: string };
    const { page } = browser;
    await browser.context.clearCookies();
    await page.goto(complete);
    await page.getByLabel("Who are you").fill("henry");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("button", { name: "Sign it in" }).click();
    expect(await login.exit).toBe(0);
    const tunnel = run("henry", ["tunnel", "up", "--json", "--names", "none"]);
    const ready = await nextEvent(tunnel.lines, "ready");
    const place = (ready.connections as { name: string; address: string; port: number }[]).find(
      ({ name }) => name === "pg",
    )!;
    const psql = spawn(
      "psql",
      ["-X", "-h", place.address, "-p", String(place.port), "-d", postgres.database, "-U", "x", "-At"],
      {
        env: { PATH: process.env.PATH ?? "", PGSSLMODE: "disable", HOME: "/nonexistent" },
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
    children.push(psql);
    let [out, err] = ["", ""];
    psql.stdout.on("data", (chunk) => {
      out += chunk;
    });
    psql.stderr.on("data", (chunk) => {
      err += chunk;
    });
    psql.stdin.write("select 'here';\n");
    await expect.poll(() => out).toContain("here");
    // Two rounds go well: the provider's tokens rotate, and each is used once.
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    psql.stdin.write("select 'still here';\n");
    await expect.poll(() => out).toContain("still here");
    await idp.revoke("sub-henry");
    await expect
      .poll(
        () => {
          psql.stdin.write("select 1;\n");
          return err;
        },
        { interval: 500 },
      )
      .toMatch(/Okta lets you in no more: Okta refuses \(invalid_grant\)/);
    expect(await hoop.hoop("admin", ["audit", "changes", "--json"])).toContain("Okta refuses (invalid_grant)");
    tunnel.child.kill("SIGTERM");
    await tunnel.exit;
  });

  it("tells on the sign-in page what went wrong at the provider", async () => {
    const { page } = browser;
    await browser.context.clearCookies();
    await page.goto(`${hoop.http}/login`);
    await page.getByRole("link", { name: "Sign in with Okta" }).click();
    await page.getByLabel("Who are you").fill("a stranger");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("Okta refuses (access_denied)").waitFor();
    await picture("provider-refused");
  });

  it("asks for the second factor that is still owed before it lets anybody in", async () => {
    await hoop.hoop("admin", ["mfa", "policy", "--required", "--grace", "0s"]);
    const { page } = browser;
    await browser.context.clearCookies();
    await page.goto(`${hoop.http}/login?to=/profile`);
    await page.getByRole("link", { name: "Sign in with Okta" }).click();
    await page.getByLabel("Who are you").fill("grace");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("You need a second factor here").waitFor();
    await picture("provider-then-factor");
    expect((await browser.context.cookies(hoop.http)).some(({ name }) => name === "hoop")).toBe(false);
  });
});

async function nextEvent(lines: AsyncIterator<string>, name: string): Promise<Record<string, unknown>> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`there was no ${name}`);
    const event = JSON.parse(value) as Record<string, unknown>;
    if (event.event === name) return event;
  }
}
