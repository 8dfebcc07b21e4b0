import type { ConnectionSource } from "../connections/index.js";
import type { Identity } from "../identity/index.js";
import type { PolicySource } from "../policy/index.js";
import type { Recorder } from "../recording/index.js";
import { createReviews, type Reviews } from "../reviews/index.js";
import type { SecretVault } from "../secrets/index.js";
import { createFindPeople } from "../storage/people.js";
import { createReviewStore } from "../storage/reviews.js";
import type { Store } from "../storage/store.js";
import type { Log } from "./log.js";

/** Reviews and grants on what the assembly has made. `link` is asked when a review is shown: the address is known late. */
export async function startReviews(parts: {
  readonly store: Store;
  readonly vault: SecretVault;
  readonly identity: Identity;
  readonly connections: ConnectionSource;
  readonly policy: PolicySource;
  readonly recorder: Recorder;
  readonly link: (id: string) => string;
  readonly log: Log;
}): Promise<Reviews> {
  const { vault, identity, connections, policy } = parts;
  return createReviews({
    store: createReviewStore(parts.store, {
      keys: await vault.keyRing("reviews"),
      digestKey: await vault.purposeKey("review-digests"),
    }),
    people: createFindPeople(parts.store),
    peopleChanged: (listener) => identity.authenticator.watch(listener),
    connections: () => connections.list(),
    terms: (subject, connection, effects) => policy.current().requestTerms(subject, connection, effects, Date.now()),
    revealTerms: (subject, purpose) => policy.current().revealTerms(subject, purpose, Date.now()),
    recorder: parts.recorder,
    link: parts.link,
    log: parts.log,
  });
}
