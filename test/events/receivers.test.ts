import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { typeOf } from "../../src/events/index.js";
import { senders } from "../../src/events/receivers/index.js";
import type { Message } from "../../src/events/receivers/message.js";
import { type ReceiverSpec, receiverSpec } from "../../src/events/receivers/schema.js";
import { directAddresses } from "../../src/gateway/dial-direct.js";
import { type Receiver, startReceiver } from "./support.js";

const hostile = {
  id: "c2a9d0b4-18f7-4e63-b5a1-0d7e93f8421c",
  name: "<!channel> [x](http://evil)\r\nBcc: all@example.com",
};
const message: Message = {
  id: "a3c1e7d4-52b8-8f06-9e3d-7c41b0f2d985",
  rule: "three-strikes",
  event: { ...typeOf("statement.denied")!.sample, subject: hostile },
  events: 3,
  quiet: 2,
  cause: [],
  text: "call them",
  link: "https://hoop.test/events/1",
};
const addresses = (host: string) => directAddresses(host);
const signal = new AbortController().signal;
const spec = (given: unknown): ReceiverSpec => receiverSpec.parse(given);

describe("chat and pagers", () => {
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = await startReceiver();
  });
  afterAll(() => receiver.close());
  const last = () => JSON.parse(receiver.received.at(-1)!.body) as Record<string, unknown>;

  it("tells Slack without letting a name mention or link", async () => {
    const outcome = await senders.slack(spec({ type: "slack" }), `${receiver.url}/slack`, message, addresses, signal);
    expect(outcome).toMatchObject({ kind: "done" });
    const sent = JSON.stringify(last());
    expect(sent).toContain("&lt;!channel&gt;");
    expect(sent).not.toContain("<!channel>");
    expect(last()["text"]).toMatch(/^call them\nthree-strikes: statement\.denied by/);
  });

  it("tells Teams by an adaptive card, with markup as itself", async () => {
    expect(await senders.teams(spec({ type: "teams" }), receiver.url, message, addresses, signal)).toMatchObject({
      kind: "done",
    });
    expect(last()).toMatchObject({
      type: "message",
      attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", content: { type: "AdaptiveCard" } }],
    });
    expect(receiver.received.at(-1)!.body).toContain("\\\\[x\\\\]\\\\(http");
  });

  it("opens one incident a rule and person at PagerDuty", async () => {
    const given = spec({ type: "pagerduty", url: receiver.url });
    expect(await senders.pagerduty(given, "R0UT1NG", message, addresses, signal)).toMatchObject({ kind: "done" });
    expect(last()).toMatchObject({
      routing_key: "R0UT1NG",
      event_action: "trigger",
      dedup_key: `hoop three-strikes ${hostile.id}`,
      payload: { severity: "warning", source: "pg-demo", class: "statement.denied" },
    });
  });

  it("says what is missing", async () => {
    for (const type of ["slack", "teams", "pagerduty"] as const)
      expect(await senders[type](spec({ type }), null, message, addresses, signal)).toMatchObject({ kind: "never" });
    expect(() => spec({ type: "slack", url: "https://hooks.slack.com/services/T/B/x" })).toThrow(
      /hoop reactions secret/,
    );
    expect(() => spec({ type: "webhook", url: "https://user:pass@example.com/" })).toThrow(
      /without a name and password/,
    );
    expect(() => spec({ type: "email" })).toThrow(/e-mail needs/);
  });
});

describe("e-mail", () => {
  const folder = mkdtempSync(join(tmpdir(), "hoop-smtp-"));
  const password = randomBytes(12).toString("base64url");
  const mails: { text: string; secure: boolean; user: string }[] = [];
  let server: SMTPServer;
  let port: number;
  let ca: string;
  beforeAll(async () => {
    const made = spawnSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        join(folder, "key.pem"),
        "-out",
        join(folder, "cert.pem"),
      ],
      { encoding: "utf8" },
    );
    if (made.status !== 0) throw new Error(made.stderr);
    ca = readFileSync(join(folder, "cert.pem"), "utf8");
    server = new SMTPServer({
      key: readFileSync(join(folder, "key.pem")),
      cert: ca,
      authMethods: ["PLAIN"],
      onAuth: (auth, _, done) =>
        auth.username === "hoop" && auth.password === password ? done(null, { user: "hoop" }) : done(new Error("no")),
      onRcptTo: ({ address }, _, done) =>
        address.startsWith("nobody")
          ? done(Object.assign(new Error("no such mailbox"), { responseCode: 550 }))
          : done(),
      onData(stream, session, done) {
        let text = "";
        stream.setEncoding("utf8").on("data", (part: string) => (text += part));
        stream.on("end", () => {
          mails.push({ text, secure: session.secure, user: String(session.user) });
          done();
        });
      },
      logger: false,
    });
    server.on("error", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    await new Promise<void>((resolve) => server.close(() => resolve()));
    rmSync(folder, { recursive: true, force: true });
  });
  const mail = (more: object = {}, to = "ops@example.com") =>
    spec({
      type: "email",
      from: "hoop@example.com",
      to,
      server: { host: "localhost", port, user: "hoop", ca, ...more },
    });

  it("goes out under TLS, logged in, with nothing of a name in its headers", async () => {
    expect(await senders.email(mail(), password, message, addresses, signal)).toMatchObject({ kind: "done" });
    const [sent] = mails;
    expect(sent).toMatchObject({ secure: true, user: "hoop" });
    expect(sent!.text).toContain(`Message-ID: <${message.id}@hoop>`);
    const headers = sent!.text.slice(0, sent!.text.indexOf("\r\n\r\n"));
    expect(headers).not.toMatch(/^Bcc:/im);
    expect(sent!.text).toContain("call them");
  });

  it("is not sent where the certificate, the password or the way is wrong", async () => {
    const before = mails.length;
    expect(await senders.email(mail({ ca: undefined }), password, message, addresses, signal)).toMatchObject({
      kind: "retry",
      error: expect.stringMatching(/certificate/i),
    });
    expect(await senders.email(mail(), "wrong", message, addresses, signal)).toMatchObject({ kind: "retry" });
    expect(await senders.email(mail({}, "nobody@example.com"), password, message, addresses, signal)).toMatchObject({
      kind: "never",
    });
    const away = spec({
      type: "email",
      from: "a@example.com",
      to: "b@example.com",
      server: { host: "192.0.2.9", tls: "none" },
    });
    expect(await senders.email(away, null, message, addresses, signal)).toMatchObject({
      kind: "never",
      error: expect.stringContaining("TLS"),
    });
    const metadata = spec({
      type: "email",
      from: "a@example.com",
      to: "b@example.com",
      server: { host: "169.254.169.254" },
    });
    expect(await senders.email(metadata, null, message, addresses, signal)).toMatchObject({
      kind: "never",
      error: expect.stringContaining("metadata"),
    });
    expect(mails.length).toBe(before);
  });
});
