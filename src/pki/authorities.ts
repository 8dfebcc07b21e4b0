import { randomUUID } from "node:crypto";
import { HoopError } from "../vocabulary/index.js";
import { type Issuer, importPrivateKey, selfSignAuthority } from "./issue.js";
import type { Authority, AuthorityKind, KeyVault, PkiStore } from "./store.js";

const dayMs = 24 * 60 * 60_000;
const lifeMs = 3650 * dayMs;
/** A successor is made this long before the end of the authority that signs now, and waits before it signs itself. */
const successionMs = 400 * dayMs;
const handOutMs = 30 * dayMs;

const keyRef = (authority: { readonly id: string }) => ({ kind: "authority-key", id: authority.id });

/** All authorities of a deployment: makes what is missing, tells which one signs and which are trusted. */
export class Authorities {
  readonly #store: PkiStore;
  readonly #vault: KeyVault;
  readonly #suffix: string;
  readonly #now: () => number;
  #all: readonly Authority[] = [];
  readonly #issuers = new Map<string, Issuer>();

  constructor(options: {
    readonly store: PkiStore;
    readonly vault: KeyVault;
    readonly suffix: string;
    readonly now: () => number;
  }) {
    this.#store = options.store;
    this.#vault = options.vault;
    this.#suffix = options.suffix;
    this.#now = options.now;
  }

  async refresh(): Promise<void> {
    this.#all = await this.#store.authorities();
    for (const kind of ["agents", "names"] as const) {
      const signing = this.#signing(kind);
      if (signing === null) await this.add(kind, this.#now());
      else if (signing.expires.getTime() - this.#now() < successionMs && this.#newest(kind) === signing)
        await this.add(kind, this.#now() + handOutMs);
    }
  }

  /** Every authority of a kind that is still valid, as one PEM bundle, the one that signs first. */
  trusted(kind: AuthorityKind): string {
    const signing = this.#signing(kind);
    const others = this.#all.filter(
      (authority) => authority.kind === kind && authority !== signing && authority.expires.getTime() > this.#now(),
    );
    return [...(signing === null ? [] : [signing]), ...others].map((authority) => authority.certificate).join("");
  }

  async issuer(kind: AuthorityKind): Promise<Issuer> {
    if (this.#signing(kind) === null) await this.refresh();
    const signing = this.#signing(kind);
    if (signing === null)
      throw new HoopError("unavailable", "no certificate authority is valid now; is this machine's clock right?");
    const known = this.#issuers.get(signing.id);
    if (known !== undefined) return known;
    const secret = await this.#vault.get(keyRef(signing));
    if (secret === null)
      throw new HoopError("precondition-failed", `the private key of the ${kind} authority is not in the vault`);
    const issuer = { certificate: signing.certificate, key: await importPrivateKey(secret.revealBytes()) };
    this.#issuers.set(signing.id, issuer);
    return issuer;
  }

  /** Adds an authority of the next generation. Two replicas at once add one. */
  async add(kind: AuthorityKind, issuesFrom: number): Promise<void> {
    const id = randomUUID();
    const generation = (this.#newest(kind)?.generation ?? 0) + 1;
    const made = await selfSignAuthority({
      // A name of its own for each generation: verifiers find an issuer by its name.
      commonName: `Hoop ${kind} CA${generation === 1 ? "" : ` ${generation}`}`,
      suffix: kind === "names" ? this.#suffix : null,
      now: this.#now(),
      lifeMs,
    });
    const authority = {
      id,
      kind,
      generation,
      certificate: made.certificate,
      issuesFrom: new Date(issuesFrom),
      expires: made.expires,
    };
    // The key first: an authority in the list always has one.
    await this.#vault.put(keyRef(authority), made.privateKey);
    if (!(await this.#store.add(authority))) await this.#vault.delete(keyRef(authority));
    this.#all = await this.#store.authorities();
  }

  #newest(kind: AuthorityKind): Authority | null {
    return this.#all.findLast((authority) => authority.kind === kind) ?? null;
  }

  #signing(kind: AuthorityKind): Authority | null {
    const now = this.#now();
    return (
      this.#all.findLast(
        (authority) =>
          authority.kind === kind && authority.issuesFrom.getTime() <= now && now < authority.expires.getTime(),
      ) ?? null
    );
  }
}
