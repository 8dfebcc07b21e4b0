import { HoopError } from "../../vocabulary/index.js";
import { flag, text, texts, type Verb } from "../invocation.js";
import { secondsFrom } from "../seconds-from.js";
import { facts } from "../table.js";

interface Policy {
  readonly mode: "optional" | "required";
  readonly groups: readonly string[];
  readonly graceSeconds: number;
  readonly since: string;
}

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const { signal } = context;
  const [required, optional] = [flag(invocation, "required"), flag(invocation, "optional")];
  const [groups, grace] = [texts(invocation, "group"), text(invocation, "grace")];
  if (required && optional) throw new HoopError("invalid", "required or optional, not both");
  if (!required && (groups.length > 0 || grace !== undefined))
    throw new HoopError("invalid", "--group and --grace go with --required");
  const api = await context.api();
  const policy = required
    ? await api.put<Policy>("/settings/factors", {
        body: { mode: "required", groups, ...(grace === undefined ? {} : { graceSeconds: secondsFrom(grace) }) },
        signal,
      })
    : optional
      ? await api.put<Policy>("/settings/factors", { body: { mode: "optional" }, signal })
      : await api.get<Policy>("/settings/factors", { signal });
  context.out.result(policy, () =>
    facts([
      ["second factor", policy.mode],
      ["for", policy.mode === "optional" ? "" : policy.groups.length === 0 ? "everybody" : policy.groups.join(", ")],
      ["grace", policy.mode === "optional" ? "" : `${Math.round(policy.graceSeconds / 8_640) / 10} days`],
      ["since", policy.since],
    ]),
  );
};
