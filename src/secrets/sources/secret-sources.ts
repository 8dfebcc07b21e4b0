import { type Connection, deadline, HoopError } from "../../vocabulary/index.js";
import { mayRefer, readReference } from "./reference.js";
import type { SecretSource, SourceKind, SourceLease, SourceSecret } from "./source.js";

export interface SourceLimits {
  /** After this long a secret is read anew, behind whoever asks. */
  readonly freshMs: number;
  /** What was read last may be used this long while its place does not answer. */
  readonly staleMs: number;
  readonly most: number;
  readonly readMs: number;
}

export const sourceLimits: SourceLimits = { freshMs: 5 * 60_000, staleMs: 60 * 60_000, most: 1_000, readMs: 10_000 };

export interface SecretSourcesOptions {
  readonly sources: Readonly<Partial<Record<SourceKind, SecretSource>>>;
  /** Which references connections may name; empty: none. */
  readonly allowed: readonly string[];
  readonly now: () => number;
  readonly log: { warn(fields: object, text: string): void };
  readonly limits?: SourceLimits | undefined;
}

export interface LeasedSecret {
  readonly user: string | null;
  readonly secret: string;
  readonly expires: Date | null;
  release(): Promise<void>;
}

/** Secrets that are kept elsewhere. */
export interface SecretSources {
  /** Throws HoopError. */
  lease(connection: Connection, reference: string): Promise<LeasedSecret>;
  close(): Promise<void>;
}

interface Kept {
  secret: SourceSecret;
  readAt: number;
  reading: Promise<SourceSecret> | null;
}

/**
 * What lasts is kept for a while and read anew behind whoever asks, so that an outage of its place costs nothing at first. What is
 * made for one asking is renewed while it is held, and revoked with it.
 */
export function createSecretSources(options: SecretSourcesOptions): SecretSources {
  const { sources, allowed, now, log, limits = sourceLimits } = options;
  const kept = new Map<string, Kept>();
  const held = new Map<SourceLease, NodeJS.Timeout>();

  function read(reference: string): Promise<SourceSecret> {
    const { kind, path, key } = readReference(reference);
    const source = sources[kind];
    if (source === undefined)
      throw new HoopError("precondition-failed", `this gateway is not set up to read from ${kind}`, {
        hint: "its settings say where",
      });
    return source.read(path, key, deadline(limits.readMs));
  }

  async function lasting(reference: string): Promise<SourceSecret> {
    const known = kept.get(reference);
    const age = known === undefined ? Number.POSITIVE_INFINITY : now() - known.readAt;
    if (known !== undefined && age < limits.freshMs) return known.secret;
    const reading = known?.reading ?? again(reference, known);
    if (known === undefined || age >= limits.staleMs) return reading;
    reading.catch(() => {});
    return known.secret;
  }

  function again(reference: string, known: Kept | undefined): Promise<SourceSecret> {
    const reading = read(reference).then(
      (secret) => {
        if (secret.lease === undefined) keep(reference, { secret, readAt: now(), reading: null });
        return secret;
      },
      (error: unknown) => {
        if (known !== undefined) known.reading = null;
        // Its place's last word counts at once; an outage does not.
        const final = error instanceof HoopError && ["denied", "not-found"].includes(error.code);
        if (final) kept.delete(reference);
        if (known !== undefined)
          log.warn({ err: error, reference }, "a secret that is kept elsewhere could not be read anew");
        throw error;
      },
    );
    if (known !== undefined) known.reading = reading;
    return reading;
  }

  function keep(reference: string, entry: Kept): void {
    kept.delete(reference);
    kept.set(reference, entry);
    if (kept.size > limits.most) kept.delete(kept.keys().next().value!);
  }

  function hold({ user, secret }: SourceSecret, lease: SourceLease): LeasedSecret {
    renewLater(lease, lease.lifeMs);
    return {
      ...{ user, secret, expires: lease.lifeMs > 0 ? new Date(now() + lease.lifeMs) : null },
      release: () => drop(lease),
    };
  }

  function renewLater(lease: SourceLease, lifeMs: number): void {
    const waitMs = Math.min(Math.max((lifeMs * 2) / 3, 1_000), 24 * 3_600_000);
    const timer = setTimeout(() => {
      lease.renew().then(
        // The end of its longest life is not put off: the session lives on, a new login gets a new one.
        (left) => held.has(lease) && left > 1_000 && renewLater(lease, left),
        (error: unknown) => {
          log.warn({ err: error }, "a credential that is kept elsewhere could not be renewed");
          const soon = Math.max(lifeMs / 10, 1_000);
          if (held.has(lease) && error instanceof HoopError && error.code === "unavailable") renewLater(lease, soon);
        },
      );
    }, waitMs).unref();
    held.set(lease, timer);
  }

  async function drop(lease: SourceLease): Promise<void> {
    const timer = held.get(lease);
    if (timer === undefined) return;
    clearTimeout(timer);
    held.delete(lease);
    // It ends by itself, later.
    await lease
      .revoke()
      .catch((error: unknown) => log.warn({ err: error }, "a credential that is kept elsewhere was not revoked"));
  }

  return {
    async lease(connection, reference) {
      if (!mayRefer(allowed, reference, connection))
        throw new HoopError("denied", `connection ${connection.name} may not use that reference`, {
          hint: "the gateway's setting HOOP_SECRET_REFERENCES says which may be used",
        });
      const found = await lasting(reference);
      if (found.lease !== undefined) return hold(found, found.lease);
      return { user: found.user, secret: found.secret, expires: null, release: async () => {} };
    },
    async close() {
      await Promise.all([...held.keys()].map(drop));
      kept.clear();
    },
  };
}
