import type { Verb } from "../invocation.js";
import type { Factors } from "../second-factor/shapes.js";
import { ago, table } from "../table.js";

export const run: Verb = async ({ context }) => {
  const factors = await (await context.api()).get<Factors>("/me/factors", { signal: context.signal });
  for (const notice of factors.notices) context.out.warn(notice);
  context.out.result(factors, () =>
    [
      table(
        factors.items,
        [
          { title: "name", value: ({ name }) => name },
          { title: "kind", value: ({ kind, site }) => (kind === "totp" ? "authenticator" : `passkey for ${site}`) },
          { title: "since", value: ({ createdAt }) => ago(createdAt) },
          { title: "used", value: ({ lastUsedAt }) => ago(lastUsedAt) },
          { title: "id", value: ({ id }) => id.slice(0, 8) },
        ],
        "you have no second factor: hoop mfa enrol",
      ),
      ...(factors.items.length > 0 ? ["", `recovery codes left: ${factors.recoveryCodes}`] : []),
    ].join("\n"),
  );
};
