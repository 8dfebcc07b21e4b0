import { Button, Checkbox, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { write } from "../../api/request.js";
import type { AccessOption, ReviewSummary } from "../../api/review-types.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

const minute = 60_000;
const hour = 60 * minute;
const durations = [
  [30 * minute, "30 minutes"],
  [hour, "1 hour"],
  [2 * hour, "2 hours"],
  [4 * hour, "4 hours"],
  [8 * hour, "8 hours"],
  [24 * hour, "1 day"],
  [3 * 24 * hour, "3 days"],
  [7 * 24 * hour, "7 days"],
] as const;

/** Asks for access for a time, within what the rules let one ask for. */
export function RequestDialog({ options, onClose }: { options: readonly AccessOption[]; onClose: () => void }) {
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<readonly string[]>(options.length === 1 ? [options[0]!.connection] : []);
  const [effects, setEffects] = useState<readonly string[]>(["read"]);
  const [duration, setDuration] = useState<number>(hour);
  const [ticket, setTicket] = useState("");
  const [reason, setReason] = useState("");
  const picked = options.filter(({ connection }) => chosen.includes(connection));
  const base = picked.length === 0 ? options : picked;
  // What every chosen connection lets one ask for.
  const offered = [...new Set(options.flatMap((option) => option.effects))];
  const can = (effect: string) => base.every((option) => option.effects.includes(effect));
  const longest = Math.min(...base.map(({ maxMs }) => maxMs));
  const lengths = durations.filter(([ms]) => ms <= longest);
  const length = lengths.some(([ms]) => ms === duration) ? duration : (lengths.at(-1)?.[0] ?? longest);
  const ask = useChange({
    act: () =>
      write<ReviewSummary>("POST", "/access-requests", {
        body: {
          connections: chosen,
          effects: effects.filter(can),
          durationMs: length,
          ticket: ticket.trim() || null,
          reason: reason.trim(),
        },
      }),
    touches: [["reviews"], ["access"]],
  });
  return (
    <Dialog title="Ask for access" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          ask.mutate(undefined, {
            onSuccess: ({ id }) => void navigate({ to: "/reviews/$review", params: { review: id } }),
          });
        }}
      >
        <Checkbox.Group label="Connections" required value={[...chosen]} onChange={setChosen}>
          <div className="choices choices-tall">
            {options.map(({ connection, usable }) => (
              <Checkbox
                key={connection}
                value={connection}
                label={usable ? `${connection} (open to you)` : connection}
              />
            ))}
          </div>
        </Checkbox.Group>
        <Checkbox.Group label="To do what" required value={effects.filter(can)} onChange={setEffects}>
          <div className="choices">
            {offered.map((effect) => (
              <Checkbox key={effect} value={effect} label={effect} disabled={!can(effect)} />
            ))}
          </div>
        </Checkbox.Group>
        <div className="form-pair">
          <NativeSelect
            label="For how long"
            value={String(length)}
            onChange={(event) => setDuration(Number(event.currentTarget.value))}
            data={
              lengths.length === 0
                ? [{ value: String(longest), label: `${Math.floor(longest / minute)} minutes` }]
                : lengths.map(([ms, label]) => ({ value: String(ms), label }))
            }
          />
          <TextInput
            label="Ticket"
            maxLength={200}
            autoComplete="off"
            value={ticket}
            onChange={(event) => setTicket(event.currentTarget.value)}
          />
        </div>
        <Textarea
          label="Reason"
          description="Who decides reads it"
          required
          autosize
          minRows={2}
          maxLength={2_000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <ProblemAlert error={ask.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={ask.isPending}
            disabled={chosen.length === 0 || effects.filter(can).length === 0 || reason.trim() === ""}
          >
            Ask
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
