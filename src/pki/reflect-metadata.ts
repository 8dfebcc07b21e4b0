/**
 * The X.509 library finds its algorithm providers through a container that asks `Reflect` for decorator metadata.
 * These are the three calls it makes; nothing else in Hoop uses decorators, so a whole polyfill is not worth having.
 * Must be evaluated before the library: it is the first import of `x509.ts`.
 */
type Metadata = Map<unknown, unknown>;
type Target = object;

const classes = new WeakMap<Target, Metadata>();

function ownMetadata(key: unknown, target: Target): unknown {
  return classes.get(target)?.get(key);
}

function metadata(key: unknown, target: Target): unknown {
  for (let at: Target | null = target; at !== null; at = Object.getPrototypeOf(at) as Target | null) {
    const found = ownMetadata(key, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function defineMetadata(key: unknown, value: unknown, target: Target): void {
  const own = classes.get(target) ?? new Map<unknown, unknown>();
  own.set(key, value);
  classes.set(target, own);
}

if (!("getMetadata" in Reflect)) {
  Object.assign(Reflect, {
    getMetadata: metadata,
    getOwnMetadata: ownMetadata,
    defineMetadata,
    metadata: (key: unknown, value: unknown) => (target: Target) => defineMetadata(key, value, target),
  });
}
