import type { Verb } from "../invocation.js";
import { ago, facts } from "../table.js";

interface Me {
  readonly subject: {
    readonly name: string;
    readonly kind: string;
    readonly email?: string;
    readonly groups: readonly string[];
  };
  readonly expires: string;
  readonly admin: boolean;
  readonly auditor: boolean;
}

export const run: Verb = async ({ context }) => {
  const { url } = await context.way();
  const { subject, expires, admin, auditor } = await (await context.api()).get<Me>("/me", { signal: context.signal });
  context.out.result({ ...subject, admin, auditor, expires, gateway: url }, () =>
    facts([
      ["user", subject.name],
      ["kind", subject.kind],
      ["e-mail", subject.email],
      ["groups", subject.groups.join(", ")],
      ["rights", admin ? "admin" : auditor ? "auditor" : ""],
      ["gateway", url],
      ["token ends", ago(expires)],
    ]),
  );
};
