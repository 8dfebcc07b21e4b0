import { Alert, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Restraint, restraintsQuery } from "../../api/event-queries.js";
import { write } from "../../api/request.js";
import { may, useMe } from "../../layout/use-me.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";

const words = {
  pause: "paused",
  kill: "is ending",
  review: "has what it asks looked at",
  masks: "sees more masked",
} as const;

/** What rules impose now, above everything else: somebody waits for it to be lifted. */
export function Restraints() {
  const me = useMe();
  const { data } = useQuery(restraintsQuery);
  const lift = useChange({
    act: ({ id }: Restraint) => write("DELETE", `/reactions/restraints/${id}`),
    touches: [["reactions"]],
    done: () => "It is lifted",
  });
  const items = (data?.items ?? []).filter(({ kind }) => kind !== "kill");
  if (items.length === 0) return null;
  return (
    <Alert color="yellow" title={`Imposed by reactions: ${items.length}`} mb="md">
      <ul className="stack" style={{ margin: 0, padding: 0, listStyle: "none" }}>
        {items.map((one) => (
          <li key={one.id} className="row row-between">
            <span>
              {one.session === null ? (
                <span>A subject </span>
              ) : (
                <Link to="/sessions/$session" params={{ session: one.session }}>
                  Session {one.session.slice(0, 8)}
                </Link>
              )}{" "}
              {words[one.kind]} by <strong>{one.rule}</strong>, until <RelativeTime at={one.until} />
            </span>
            {may(me, "sessions.kill") && (
              <Button size="compact-sm" variant="light" color="yellow" onClick={() => lift.mutate(one)}>
                {one.kind === "pause" ? "Release" : "Lift"}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Alert>
  );
}
