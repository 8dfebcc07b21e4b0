import { HoopError } from "../vocabulary/index.js";
import { flag, type Invocation, texts } from "./invocation.js";

/** As the API takes bounds. */
export interface BoundsBody {
  readonly connections?: readonly {
    readonly names?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
  }[];
  readonly readOnly?: boolean;
  readonly permissions?: readonly string[];
}

/** `--connections`, `--label`, `--read-only` and `--permission`. */
export function boundsFrom(invocation: Invocation): BoundsBody {
  const names = texts(invocation, "connections");
  const labels = pairsFrom(texts(invocation, "label"), "--label");
  const permissions = texts(invocation, "permission");
  const placed = names.length > 0 || labels.length > 0;
  return {
    ...(placed
      ? {
          connections: [
            {
              ...(names.length > 0 ? { names } : {}),
              ...(labels.length > 0 ? { labels: Object.fromEntries(labels) } : {}),
            },
          ],
        }
      : {}),
    ...(flag(invocation, "readOnly") ? { readOnly: true } : {}),
    ...(permissions.length > 0 ? { permissions } : {}),
  };
}

/** `name=value` pairs, as they were given. */
export function pairsFrom(given: readonly string[], option: string): readonly (readonly [string, string])[] {
  return given.map((text) => {
    const at = text.indexOf("=");
    if (at < 1) throw new HoopError("invalid", `${option} is name=value, not ${JSON.stringify(text.slice(0, 64))}`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
}

/** For lists: `pg-* with team=payments; reading only`. */
export function boundsWords({ connections, readOnly, permissions }: BoundsBody): string {
  const places = (connections ?? []).map(({ names = [], labels = {} }) =>
    [
      names.join(", "),
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(", "),
    ]
      .filter(Boolean)
      .join(" with "),
  );
  return [
    ...(places.length > 0 ? [places.join(" or ")] : []),
    ...(readOnly === true ? ["reading only"] : []),
    ...(permissions === undefined ? [] : [permissions.join(", ") || "no permission"]),
  ].join("; ");
}
