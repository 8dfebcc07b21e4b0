import type { Routes } from "../app.js";
import { accessRequestRoutes } from "./access-requests.js";
import { agentRoutes } from "./agents.js";
import { auditRoutes } from "./audit.js";
import { caRoutes } from "./ca.js";
import { connectionRoutes } from "./connections.js";
import { factorAdminRoutes } from "./factor-admin.js";
import { factorRoutes } from "./factors.js";
import { grantRoutes } from "./grants.js";
import { groupRoutes } from "./groups.js";
import { loginRoutes } from "./login.js";
import { meRoutes } from "./me.js";
import { policyRoutes } from "./policy.js";
import { policyBudgetRoutes } from "./policy-budgets.js";
import { policyExplainRoutes } from "./policy-explain.js";
import { policyReplayRoutes } from "./policy-replay.js";
import { revealRoutes } from "./reveals.js";
import { reviewRoutes } from "./reviews.js";
import { secretRoutes } from "./secrets.js";
import { sessionRoutes } from "./sessions.js";
import { setupRoutes } from "./setup.js";
import { signInStepRoutes } from "./sign-in-steps.js";
import { statusRoutes } from "./status.js";
import { stepUpRoutes } from "./step-up.js";
import { userRoutes } from "./users.js";

/** Everything below `/api/v1`. */
export const routes: readonly Routes[] = [
  setupRoutes,
  loginRoutes,
  signInStepRoutes,
  meRoutes,
  factorRoutes,
  stepUpRoutes,
  factorAdminRoutes,
  userRoutes,
  groupRoutes,
  connectionRoutes,
  agentRoutes,
  policyRoutes,
  policyExplainRoutes,
  policyBudgetRoutes,
  policyReplayRoutes,
  sessionRoutes,
  reviewRoutes,
  accessRequestRoutes,
  grantRoutes,
  revealRoutes,
  auditRoutes,
  secretRoutes,
  caRoutes,
  statusRoutes,
];
