import type { Routes } from "../app.js";
import { accessRequestRoutes } from "./access-requests.js";
import { agentRoutes } from "./agents.js";
import { auditRoutes } from "./audit.js";
import { caRoutes } from "./ca.js";
import { connectionRoutes } from "./connections.js";
import { credentialRoutes } from "./credentials.js";
import { delegationRoutes } from "./delegations.js";
import { directoryRoutes } from "./directories.js";
import { eventRoutes } from "./events.js";
import { exporterRoutes } from "./exporters.js";
import { factorAdminRoutes } from "./factor-admin.js";
import { factorRoutes } from "./factors.js";
import { federationRoutes } from "./federation.js";
import { grantRoutes } from "./grants.js";
import { groupRoutes } from "./groups.js";
import { loginRoutes } from "./login.js";
import { meRoutes } from "./me.js";
import { metricsRoutes } from "./metrics.js";
import { policyRoutes } from "./policy.js";
import { policyBudgetRoutes } from "./policy-budgets.js";
import { policyExplainRoutes } from "./policy-explain.js";
import { policyReplayRoutes } from "./policy-replay.js";
import { providerSignInRoutes } from "./provider-sign-in.js";
import { providerRoutes } from "./providers.js";
import { reactionDeliveryRoutes } from "./reaction-deliveries.js";
import { reactionRoutes } from "./reactions.js";
import { revealRoutes } from "./reveals.js";
import { reviewRoutes } from "./reviews.js";
import { roleRoutes } from "./roles.js";
import { runbookRunRoutes } from "./runbook-runs.js";
import { runbookSourceRoutes } from "./runbook-sources.js";
import { runbookRoutes } from "./runbooks.js";
import { screenRoutes } from "./screens.js";
import { secretRoutes } from "./secrets.js";
import { serviceAccountRoutes } from "./service-accounts.js";
import { sessionRoutes } from "./sessions.js";
import { setupRoutes } from "./setup.js";
import { signInStepRoutes } from "./sign-in-steps.js";
import { statusRoutes } from "./status.js";
import { stepUpRoutes } from "./step-up.js";
import { tokenRoutes } from "./token.js";
import { userRoutes } from "./users.js";

/** Everything below `/api/v1`. */
export const routes: readonly Routes[] = [
  setupRoutes,
  loginRoutes,
  signInStepRoutes,
  providerSignInRoutes,
  providerRoutes,
  meRoutes,
  factorRoutes,
  stepUpRoutes,
  factorAdminRoutes,
  userRoutes,
  groupRoutes,
  roleRoutes,
  directoryRoutes,
  serviceAccountRoutes,
  federationRoutes,
  delegationRoutes,
  tokenRoutes,
  connectionRoutes,
  credentialRoutes,
  agentRoutes,
  policyRoutes,
  policyExplainRoutes,
  policyBudgetRoutes,
  policyReplayRoutes,
  sessionRoutes,
  screenRoutes,
  reviewRoutes,
  accessRequestRoutes,
  grantRoutes,
  revealRoutes,
  runbookRoutes,
  runbookRunRoutes,
  runbookSourceRoutes,
  auditRoutes,
  eventRoutes,
  reactionRoutes,
  reactionDeliveryRoutes,
  secretRoutes,
  caRoutes,
  statusRoutes,
  metricsRoutes,
  exporterRoutes,
];
