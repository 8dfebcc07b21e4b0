import type { Reason } from "../api/types.js";
import { sentence } from "./sentence.js";

/** Why: a sentence each, and the rule that said it. */
export function Reasons({ reasons }: { reasons: readonly Reason[] }) {
  return (
    <ul className="reasons">
      {reasons.map((reason) => (
        <li key={`${reason.rule} ${reason.code} ${reason.text}`}>
          {sentence(reason.text)}
          {reason.rule !== null && <code className="rule-name">{reason.rule}</code>}
        </li>
      ))}
    </ul>
  );
}
