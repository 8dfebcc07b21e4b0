import { z } from "zod";
import { manyOf, oneOf, strict } from "../../policy/schema.js";

const url = z
  .string("expected an address such as https://hooks.example.com/x")
  .max(2_000)
  .refine((text) => {
    const parsed = URL.canParse(text) ? new URL(text) : null;
    return (
      (parsed?.protocol === "https:" || parsed?.protocol === "http:") && parsed.username === "" && parsed.hash === ""
    );
  }, "expected an https address without a name and password in it");
const mailbox = z.email("expected an e-mail address").max(254);

/** Who can be told, and how. Secrets are not part of it: see `hoop reactions secret`. */
export const receiverSpec = strict({
  type: oneOf(["webhook", "slack", "teams", "email", "pagerduty"]),
  url: url
    .optional()
    .describe(
      "For `webhook`, and `pagerduty` where it is another than PagerDuty's own. Of `slack` and `teams` the address is the secret.",
    ),
  allowPlaintext: z.boolean("expected true or false").default(false).describe("http beyond this machine."),
  to: manyOf(mailbox).optional().describe("For `email`."),
  from: mailbox.optional().describe("For `email`."),
  server: strict({
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65_535).default(587),
    user: z.string().min(1).max(254).optional().describe("Its password is the receiver's secret."),
    tls: oneOf(["starttls", "implicit", "none"]).default("starttls").describe("`none` only on this machine."),
    ca: z.string().max(20_000).optional().describe("PEM of who vouches for it; the system's if left out."),
  })
    .optional()
    .describe("For `email`: where it is handed in."),
  ordered: z.boolean("expected true or false").default(false).describe("One at a time, in the order of what happened."),
  concurrency: z.number().int().min(1).max(32).default(4).describe("Messages under way at once, a gateway."),
}).superRefine((spec, ctx) => {
  const wrong = (path: string, message: string) => ctx.addIssue({ code: "custom", path: [path], message });
  if (spec.type === "webhook" && spec.url === undefined) wrong("url", "a webhook needs a `url`");
  if ((spec.type === "slack" || spec.type === "teams") && spec.url !== undefined)
    wrong(
      "url",
      `whoever knows the address of ${spec.type} can write there: hand it in with \`hoop reactions secret\``,
    );
  if (spec.type === "email")
    for (const field of ["to", "from", "server"] as const)
      if (spec[field] === undefined) wrong(field, `e-mail needs \`${field}\``);
  if (spec.type !== "email")
    for (const field of ["to", "from", "server"] as const)
      if (spec[field] !== undefined) wrong(field, `\`${field}\` belongs to type email`);
});

export type ReceiverSpec = z.output<typeof receiverSpec>;
