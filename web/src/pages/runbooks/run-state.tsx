import { Badge } from "@mantine/core";
import type { RunState, RunStep } from "../../api/runbook-queries.js";

const words: Readonly<Record<RunState, readonly [label: string, colour: string]>> = {
  waiting: ["Waits for approval", "yellow"],
  running: ["Running", "blue"],
  succeeded: ["Succeeded", "green"],
  failed: ["Failed", "red"],
  denied: ["Denied", "red"],
  cancelled: ["Cancelled", "gray"],
  interrupted: ["Interrupted", "orange"],
};

export function RunStateBadge({ state }: { state: RunState }) {
  const [label, colour] = words[state];
  return (
    <Badge color={colour} variant="light">
      {label}
    </Badge>
  );
}

const colours: Readonly<Record<RunStep["state"], string>> = {
  running: "blue",
  succeeded: "green",
  failed: "red",
  skipped: "gray",
  interrupted: "orange",
};

export function StepStateBadge({ state }: { state: RunStep["state"] }) {
  return (
    <Badge color={colours[state]} variant="light">
      {state}
    </Badge>
  );
}
