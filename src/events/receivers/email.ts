import { HoopError } from "../../vocabulary/index.js";
import { short } from "../catalogue/define.js";
import { factsOf, type Message, oneLine, titleOf } from "./message.js";
import type { Outcome } from "./outcome.js";
import type { JudgedAddresses } from "./request.js";
import type { ReceiverSpec } from "./schema.js";

const timeoutMs = 10_000;

/** One mail, handed in by SMTP. The secret is the password. */
export async function sendEmail(
  spec: ReceiverSpec,
  secret: string | null,
  message: Message,
  addresses: JudgedAddresses,
  signal: AbortSignal,
): Promise<Outcome> {
  const server = spec.server!;
  let address: string | undefined;
  try {
    [address] = await addresses(server.host);
  } catch (error) {
    const text = error instanceof HoopError ? error.message : "its name does not resolve";
    return error instanceof HoopError && error.code === "denied"
      ? { kind: "never", error: text }
      : { kind: "retry", error: text };
  }
  if (server.user !== undefined && secret === null)
    return { kind: "never", error: "it has no password; see `hoop reactions secret`" };
  const isLocal = address?.startsWith("127.") === true || address === "::1";
  if (server.tls === "none" && !isLocal)
    return { kind: "never", error: "mail goes beyond this machine under TLS only" };
  // A library of its own, loaded with the first mail: most gateways never send one.
  const { createTransport } = await import("nodemailer");
  const transport = createTransport({
    // The address that was judged; the certificate is still the name's.
    host: address ?? server.host,
    port: server.port,
    secure: server.tls === "implicit",
    requireTLS: server.tls === "starttls",
    ignoreTLS: server.tls === "none",
    tls: { servername: server.host, minVersion: "TLSv1.2", ...(server.ca === undefined ? {} : { ca: server.ca }) },
    ...(server.user === undefined ? {} : { auth: { user: server.user, pass: secret! } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const abort = () => transport.close();
  signal.addEventListener("abort", abort, { once: true });
  try {
    const lines = factsOf(message).map(([name, value]) => `${name}: ${value}`);
    const sent = await transport.sendMail({
      from: spec.from!,
      to: [...spec.to!],
      subject: oneLine(`[Hoop] ${titleOf(message)}`),
      text: [...(message.text === null ? [] : [message.text, ""]), ...lines, "", message.link, ""].join("\n"),
      // The same for each attempt: mailboxes that look at it show one.
      messageId: `<${message.id}@hoop>`,
      headers: { "Auto-Submitted": "auto-generated" },
    });
    return { kind: "done", answer: short(`it answered ${oneLine(sent.response)}`) };
  } catch (error) {
    const { responseCode, message: said } = error as { responseCode?: number; message?: string };
    const text = short(oneLine(`it was not taken: ${said ?? "unknown error"}`));
    // Of SMTP, 5xx is for good; what is wrong with a login may be mended meanwhile.
    return responseCode !== undefined && responseCode >= 500 && responseCode !== 535
      ? { kind: "never", error: text }
      : { kind: "retry", error: text };
  } finally {
    signal.removeEventListener("abort", abort);
    transport.close();
  }
}
