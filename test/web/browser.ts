import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

/** A browser of its own, and what went wrong in it. */
export interface TestBrowser {
  readonly page: Page;
  /** Errors of the console, exceptions, and whatever the content security policy refused; empty: all is well. */
  readonly problems: string[];
  readonly context: BrowserContext;
  close(): Promise<void>;
}

export async function startBrowser(): Promise<TestBrowser> {
  const profile = await mkdtemp(join(tmpdir(), "hoop-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.HOOP_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    viewport: { width: 1280, height: 860 },
    permissions: ["clipboard-read", "clipboard-write"],
    colorScheme: "light",
  });
  const problems: string[] = [];
  // As text: it runs in the page, whose types are not the ones of this program.
  await context.addInitScript(`document.addEventListener("securitypolicyviolation", (event) => {
    console.error("content security policy: " + event.violatedDirective + " refused " + event.blockedURI);
  });`);
  const page = context.pages()[0] ?? (await context.newPage());
  page.on("pageerror", (error) => problems.push(`exception: ${error.message}`));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // Going to another page gives up what the old one still asked for.
    if (reason !== "net::ERR_ABORTED") problems.push(`request: ${request.url()} ${reason}`);
  });
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    // Asking who is signed in is how the page learns that nobody is.
    if (message.location().url.endsWith("/api/v1/me") && message.text().includes("401")) return;
    problems.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  return {
    page,
    problems,
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
