import { z } from "zod";
import { HoopError, hoopErrorFrom } from "../../vocabulary/index.js";
import type { Routes } from "../app.js";

const formLimit = 8_192;

/**
 * The page of `hoop login` where no console is built: one plain form, no script. Whoever fills it in gives the password
 * with the answer, so there is no session that another site could ride on.
 */
export const devicePageRoutes: Routes = (app, { deps, change }) => {
  const { logins, devices, signIns } = deps.identity;
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: formLimit },
    (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))));
    },
  );

  app.route({
    method: "GET",
    url: "/login/device",
    config: { access: "public" },
    schema: { hide: true, querystring: z.object({ code: z.string().max(20).optional() }) },
    handler: async (request, reply) =>
      reply.type("text/html; charset=utf-8").send(page({ code: request.query.code ?? "", message: null })),
  });

  app.route({
    method: "POST",
    url: "/login/device",
    config: { access: "public", rateLimit: { max: 30, timeWindow: 60_000 } },
    schema: {
      hide: true,
      body: z.object({
        code: z.string().max(20),
        name: z.string().max(200),
        password: z.string().max(1024),
        factor: z.string().max(64).default(""),
        answer: z.enum(["approved", "denied"]),
      }),
    },
    handler: async (request, reply) => {
      const { code, name, password, factor, answer } = request.body;
      const message = await change(null, async () => {
        const subject = await logins.checkPassword(name, password, request.ip);
        const proof = await signIns.answerAtOnce(subject, factor.trim(), request.ip);
        const { client, address } = await devices.answer(code, answer, subject, request.ip, {
          withFactor: proof !== null,
        });
        const done =
          answer === "approved"
            ? `${client} is signed in as ${subject.name}. You can close this page.`
            : `${client} was denied.`;
        return {
          answer: done,
          by: subject,
          entry: { what: `login.device.${answer}`, target: subject.name, before: null, after: { client, address } },
        };
      }).catch((error: unknown) => {
        if (!(error instanceof HoopError) || error.code === "internal") throw hoopErrorFrom(error);
        reply.code(400);
        return [error.message, error.hint].filter((text) => text !== undefined).join(": ");
      });
      return reply.type("text/html; charset=utf-8").send(page({ code, message }));
    },
  });
};

function page({ code, message }: { code: string; message: string | null }): string {
  const told = message === null ? "" : `<p role="status"><strong>${escaped(message)}</strong></p>`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in to Hoop</title></head>
<body>
<main>
<h1>Sign in to Hoop</h1>
${told}
<p>A program wants to sign in as you. Go on only if you have just started it and it shows this very code.</p>
<form method="post" action="/login/device" autocomplete="off">
<p><label>Code <input name="code" required maxlength="20" value="${escaped(code)}"></label></p>
<p><label>User <input name="name" required autocomplete="username"></label></p>
<p><label>Password <input name="password" type="password" required autocomplete="current-password"></label></p>
<p><label>Second factor <input name="factor" maxlength="64" autocomplete="one-time-code" inputmode="text"></label>
A code of your authenticator or a recovery code, if you have one.</p>
<p><button name="answer" value="approved">Sign it in</button> <button name="answer" value="denied">Deny</button></p>
</form>
</main>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
