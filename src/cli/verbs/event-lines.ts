import { printable } from "../output.js";

/** An event as the API answers it. */
export interface EventView {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly subject: { readonly name: string } | null;
  readonly connection: string | null;
  readonly session: string | null;
  readonly cause: readonly { readonly rule: string }[];
  readonly data: Readonly<Record<string, unknown>>;
}

/** What of an event's data says most, in a few words. */
export function gist({ data, cause }: EventView): string {
  const reasons = data["reasons"] as readonly { readonly text?: string }[] | undefined;
  const said = [
    data["shown"],
    reasons?.[0]?.text,
    data["text"],
    data["review"],
    data["runbook"],
    data["name"],
    data["agent"],
  ];
  const words = said.filter((one): one is string => typeof one === "string" && one !== "").slice(0, 2);
  const by = cause.length === 0 ? [] : [`after ${cause.map(({ rule }) => rule).join(" → ")}`];
  return printable([...words, ...by].join("; ").slice(0, 160));
}
