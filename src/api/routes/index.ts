import type { Routes } from "../app.js";
import { agentRoutes } from "./agents.js";
import { auditRoutes } from "./audit.js";
import { caRoutes } from "./ca.js";
import { connectionRoutes } from "./connections.js";
import { groupRoutes } from "./groups.js";
import { loginRoutes } from "./login.js";
import { meRoutes } from "./me.js";
import { policyRoutes } from "./policy.js";
import { secretRoutes } from "./secrets.js";
import { sessionRoutes } from "./sessions.js";
import { setupRoutes } from "./setup.js";
import { statusRoutes } from "./status.js";
import { userRoutes } from "./users.js";

/** Everything below `/api/v1`. */
export const routes: readonly Routes[] = [
  setupRoutes,
  loginRoutes,
  meRoutes,
  userRoutes,
  groupRoutes,
  connectionRoutes,
  agentRoutes,
  policyRoutes,
  sessionRoutes,
  auditRoutes,
  secretRoutes,
  caRoutes,
  statusRoutes,
];
