import { agentDown, agentUp } from "./agents.js";
import { connectionChanged, ruleChanged, userChanged } from "./changes.js";
import { budgetCrossed, sensitiveSeen } from "./data.js";
import type { EventType } from "./define.js";
import { loginFailed, loginNewDevice } from "./logins.js";
import { exporterLost, gatewayDegraded, runbookFinished } from "./operations.js";
import { breakGlass, reviewApproved, reviewDenied, reviewExpired, reviewRequested } from "./reviews.js";
import { sessionClosed, sessionKilled, sessionOpened, sessionRefused } from "./sessions.js";
import { statementDenied, statementFailed, statementHeld, statementMasked, statementSlow } from "./statements.js";

/** Every type of event; one line a type. */
export const catalogue: readonly EventType[] = [
  sessionOpened,
  sessionRefused,
  sessionClosed,
  sessionKilled,
  statementDenied,
  statementHeld,
  statementMasked,
  statementSlow,
  statementFailed,
  budgetCrossed,
  sensitiveSeen,
  reviewRequested,
  reviewApproved,
  reviewDenied,
  reviewExpired,
  breakGlass,
  loginFailed,
  loginNewDevice,
  agentUp,
  agentDown,
  connectionChanged,
  ruleChanged,
  userChanged,
  runbookFinished,
  gatewayDegraded,
  exporterLost,
];

const byName = new Map(catalogue.map((type) => [type.type, type]));

export const eventTypes: readonly string[] = catalogue.map(({ type }) => type);

export const typeOf = (name: string): EventType | undefined => byName.get(name);

export type { EventType } from "./define.js";
