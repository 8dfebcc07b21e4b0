/** What a key, a trust or a delegation is bounded to. */
export interface Bounds {
  readonly connections?: readonly {
    readonly names?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
  }[];
  readonly readOnly?: boolean;
  readonly permissions?: readonly string[];
}

export interface ServiceKey {
  readonly id: string;
  readonly name: string;
  readonly hint: string;
  readonly state: "active" | "expired" | "revoked";
  readonly bounds: Bounds;
  readonly sources: readonly string[];
  readonly expires: string;
  readonly createdBy: string;
  readonly lastUsedAt: string | null;
  readonly lastUsedFrom: string | null;
}

export interface ServiceAccount {
  readonly id: string;
  readonly kind: "service" | "agent";
  readonly name: string;
  readonly groups: readonly string[];
  readonly disabled: boolean;
  readonly keys: readonly ServiceKey[];
}

export interface Trust {
  readonly name: string;
  readonly account: string;
  readonly issuer: string;
  readonly audience: string;
  readonly claims: Readonly<Record<string, readonly string[]>>;
  readonly condition: string | null;
  readonly bounds: Bounds;
}

interface Party {
  readonly id: string;
  readonly name: string;
}

export interface Delegation {
  readonly id: string;
  readonly machine: Party;
  readonly person: Party;
  readonly bounds: Bounds;
  readonly createdAt: string;
  readonly expires: string;
  readonly endedAt: string | null;
  readonly because: string | null;
  readonly standing: boolean;
}

/** `pg-* with team=payments; reading only`. */
export function boundsText({ connections, readOnly, permissions }: Bounds): string {
  const places = (connections ?? []).map(({ names = [], labels = {} }) =>
    [
      names.join(", "),
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(", "),
    ]
      .filter((part) => part !== "")
      .join(" with "),
  );
  const parts = [
    ...(places.length > 0 ? [places.join(" or ")] : []),
    ...(readOnly === true ? ["reading only"] : []),
    ...(permissions === undefined ? [] : [permissions.join(", ") || "no permission"]),
  ];
  return parts.join("; ") || "everything it may";
}

/** The fields of a form as bounds; empty ones say nothing. */
export function boundsFrom(names: string, readOnly: boolean): Bounds {
  const patterns = names
    .split(/[\s,]+/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return { ...(patterns.length > 0 ? { connections: [{ names: patterns }] } : {}), ...(readOnly ? { readOnly } : {}) };
}
