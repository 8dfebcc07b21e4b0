import { randomUUID } from "node:crypto";
import { HoopError, type Subject } from "../../vocabulary/index.js";
import type { Assurance } from "../logins.js";
import { subjectFrom } from "../token-authenticator.js";
import { type AdminRule, isFirstAdmin } from "./admin-rule.js";
import type { LiveProvider } from "./provider-list.js";
import type { Admitted, ProviderSecrets, ProviderStore } from "./store.js";
import { type Arrival, checkRequired, factorProved, groupsOf } from "./vouched.js";

/** Somebody who came in from a provider. */
export interface CameIn {
  readonly subject: Subject;
  readonly assurance: Assurance;
  /** The provider asked for a second factor itself, as the settings want to be told. */
  readonly factorProved: boolean;
  readonly provider: { readonly name: string; readonly title: string; readonly kind: LiveProvider["kind"] };
  readonly admitted: Admitted;
  /** A path of our own. */
  readonly returnTo: string;
}

const hourMs = 3_600_000;
const defaultHours = 12;

/** Makes a sign-in at a provider a sign-in here. */
export function createArrivals(options: {
  readonly store: ProviderStore;
  readonly secrets: ProviderSecrets;
  readonly adminRule: AdminRule | null;
  readonly intervalMs: number;
  readonly log: { warn(fields: object, text: string): void };
  readonly now: () => number;
}) {
  const { store, secrets, adminRule, log, now } = options;

  return async function arrive(provider: LiveProvider, arrival: Arrival, returnTo: string): Promise<CameIn> {
    const { settings, id, name } = provider;
    const { vouched } = arrival;
    if (vouched.externalId === "" || vouched.externalId.length > 1_000)
      throw new HoopError("unauthenticated", `${settings.title} does not say who you are`);
    checkRequired(settings, vouched);
    const admitted = await store.admit({
      provider: id,
      providerName: name,
      externalId: vouched.externalId,
      names: vouched.names,
      email: vouched.email,
      groups: groupsOf(settings, vouched),
      firstAdmin: isFirstAdmin(adminRule, name, vouched),
      provision: settings.provision,
    });
    if (admitted.subject.disabled)
      throw new HoopError("unauthenticated", "this user is disabled", { hint: "ask an admin" });
    if (admitted.unknownGroups.length > 0)
      log.warn(
        { provider: name, groups: admitted.unknownGroups.slice(0, 20) },
        "a provider's groups map to groups that are not there",
      );
    const refreshable = provider.kind === "ldap" || arrival.refreshToken !== null;
    const session = randomUUID();
    if (arrival.refreshToken !== null) await secrets.put("refresh", session, arrival.refreshToken);
    const until = endOf(settings.reauthenticateHours ?? (refreshable ? null : defaultHours), arrival.until, now());
    await store.openSession({
      id: session,
      provider: id,
      externalId: vouched.externalId,
      subject: admitted.subject.id,
      sid: arrival.sid,
      endsAt: until,
      refreshAt: refreshable ? new Date(now() + nextIn(options.intervalMs)) : null,
    });
    const proved = factorProved(settings, vouched);
    return {
      subject: subjectFrom(admitted.subject),
      assurance: {
        provedBy: proved ? "factor" : "password",
        withFactor: proved,
        provider: { session, until },
      },
      factorProved: proved,
      provider: { name, title: settings.title, kind: provider.kind },
      admitted,
      returnTo,
    };
  };
}

function endOf(hours: number | null, said: Date | null, now: number): Date | null {
  const ends = [hours === null ? null : now + hours * hourMs, said?.getTime() ?? null].filter((end) => end !== null);
  return ends.length === 0 ? null : new Date(Math.min(...ends));
}

/** Before the interval is over, and not all at the same moment. */
export function nextIn(intervalMs: number): number {
  return intervalMs * (0.75 + Math.random() * 0.2);
}
