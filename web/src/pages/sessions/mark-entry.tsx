import { Reasons } from "../../ui/reasons.js";
import { EntryTime } from "./entry-time.js";
import type { MarkItem } from "./timeline.js";

/** The session opened, ended, was warned of. */
export function MarkEntry({ item }: { item: MarkItem }) {
  return (
    <li className="entry" data-tone={item.tone}>
      <div className="entry-head">
        <EntryTime at={item.time} />
        <span>{item.text}</span>
      </div>
      {item.reasons.length > 0 && (
        <div className="entry-reasons">
          <Reasons reasons={item.reasons} />
        </div>
      )}
    </li>
  );
}
