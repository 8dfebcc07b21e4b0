import { Badge } from "@mantine/core";
import type { Outcome } from "../api/types.js";

const words: Readonly<Record<Outcome, readonly [label: string, colour: string]>> = {
  allow: ["Allowed", "green"],
  deny: ["Denied", "red"],
  hold: ["Held for review", "yellow"],
  challenge: ["Second factor", "yellow"],
};

export function OutcomeBadge({ outcome }: { outcome: Outcome }) {
  const [label, colour] = words[outcome];
  return (
    <Badge color={colour} variant={outcome === "deny" ? "filled" : "light"}>
      {label}
    </Badge>
  );
}
