import type { Migration } from "kysely";
import { agentMigrations } from "./agents.js";
import { attemptsMigrations } from "./attempts.js";
import { budgetsMigrations } from "./budgets.js";
import { changesMigrations } from "./changes.js";
import { connectionsMigrations } from "./connections.js";
import { credentialsMigrations } from "./credentials.js";
import { directoryMigrations } from "./directory.js";
import { eventOutboxBadMigrations } from "./event-outbox-bad.js";
import { eventPresenceMigrations } from "./event-presence.js";
import { eventsMigrations } from "./events.js";
import { exportersMigrations } from "./exporters.js";
import { identityMigrations } from "./identity.js";
import { machinesMigrations } from "./machines.js";
import { pkiMigrations } from "./pki.js";
import { policyMigrations } from "./policy.js";
import { providersMigrations } from "./providers.js";
import { recordingMigrations } from "./recording.js";
import { reviewsMigrations } from "./reviews.js";
import { rolesMigrations } from "./roles.js";
import { runbookEndsMigrations } from "./runbook-ends.js";
import { runbookTimesMigrations } from "./runbook-times.js";
import { runbooksMigrations } from "./runbooks.js";
import { secondFactorMigrations } from "./second-factor.js";
import { secretsMigrations } from "./secrets.js";
import { sessionsMigrations } from "./sessions.js";
import { targetKeysMigrations } from "./target-keys.js";

/** Every domain's steps; one line a domain. Tables of one domain never refer to another's. */
const domains: readonly Readonly<Record<string, Migration>>[] = [
  changesMigrations,
  identityMigrations,
  connectionsMigrations,
  sessionsMigrations,
  policyMigrations,
  recordingMigrations,
  secretsMigrations,
  pkiMigrations,
  agentMigrations,
  secondFactorMigrations,
  reviewsMigrations,
  budgetsMigrations,
  targetKeysMigrations,
  providersMigrations,
  rolesMigrations,
  directoryMigrations,
  eventsMigrations,
  machinesMigrations,
  attemptsMigrations,
  credentialsMigrations,
  runbooksMigrations,
  exportersMigrations,
  eventPresenceMigrations,
  runbookEndsMigrations,
  eventOutboxBadMigrations,
  runbookTimesMigrations,
];

/** Every migration by name, in order; one line a domain step. Names never change once released. */
export const migrations: Readonly<Record<string, Migration>> = merged(domains);

function merged(all: readonly Readonly<Record<string, Migration>>[]): Record<string, Migration> {
  const result: Record<string, Migration> = {};
  for (const [name, migration] of all.flatMap((steps) => Object.entries(steps))) {
    if (name in result) throw new TypeError(`two migrations are named ${name}`);
    result[name] = migration;
  }
  return result;
}
