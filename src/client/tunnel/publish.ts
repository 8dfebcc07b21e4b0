import type { Allocation } from "./allocate.js";
import { ConnectionListener, type ListenerContext } from "./connection-listener.js";
import type { Offer } from "./gateway-port.js";

/** What listening for one connection needs to know. */
export interface PublishContext {
  readonly allocation: Allocation;
  readonly listeners: ListenerContext;
  /** An address of the tunnel's range that is never given to a connection. */
  readonly probeAddress: string;
  /** Makes the address usable where the system asks for it (macOS). */
  prepare(address: string): Promise<void>;
}

/** Ports tried in place of one that is taken. */
const tries = 20;
/** Other addresses tried: the tunnels of other users of this machine sit on them, one beside the other. */
const addressTries = 256;

/**
 * Listens for a connection: on its own address and port; on another address where a single program sits on that one;
 * on another port where somebody owns the port on every address, or this user may not have it.
 */
export async function publish(offer: Offer, context: PublishContext): Promise<ConnectionListener> {
  const listener = await publishMain(offer, context);
  for (const port of offer.morePorts) {
    const more = { ...offer, port, morePorts: [] };
    const own = await tryListen(more, listener.address, port, context);
    listener.more.push(own instanceof ConnectionListener ? own : await listenNear(more, listener.address, context));
  }
  return listener;
}

async function publishMain(offer: Offer, context: PublishContext): Promise<ConnectionListener> {
  const { allocation } = context;
  const address = allocation.addressOf(offer.name);
  await context.prepare(address);
  const own = await tryListen(offer, address, offer.port, context);
  if (own instanceof ConnectionListener) return own;
  if (own === "EADDRINUSE") {
    const other = await elsewhere(offer, address, context);
    if (other) return other;
  }
  return listenNear(offer, address, context);
}

/** On a port that tells which one was meant: 10080 for 80, 5433 for 5432; on any if those are taken. */
async function listenNear(offer: Offer, address: string, context: PublishContext): Promise<ConnectionListener> {
  for (let step = 0; step < tries; step++) {
    const port = (offer.port < 1024 ? 10_000 : 1) + offer.port + step;
    if (port > 65_535) break;
    const listener = await tryListen(offer, address, port, context);
    if (listener instanceof ConnectionListener) return listener;
  }
  return ConnectionListener.listen(offer, address, 0, context.listeners);
}

/**
 * On another address, unless the port is held on every one. An address that no tunnel ever uses tells: taking a neighbour's
 * tunnel for a program on all of them would let a rule of the kernel lead the neighbour's connections here.
 */
async function elsewhere(offer: Offer, taken: string, context: PublishContext): Promise<ConnectionListener | null> {
  await context.prepare(context.probeAddress);
  const probe = await tryListen(offer, context.probeAddress, offer.port, context);
  if (!(probe instanceof ConnectionListener)) return null;
  probe.destroy();
  const before = context.allocation.toJSON();
  const avoid = new Set([taken]);
  while (avoid.size <= addressTries) {
    const address = context.allocation.moveAway(offer.name, avoid);
    await context.prepare(address);
    const listener = await tryListen(offer, address, offer.port, context);
    if (listener instanceof ConnectionListener) return listener;
    avoid.add(address);
  }
  context.allocation.reset(before);
  return null;
}

async function tryListen(
  offer: Offer,
  address: string,
  port: number,
  context: PublishContext,
): Promise<ConnectionListener | string> {
  try {
    return await ConnectionListener.listen(offer, address, port, context.listeners);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EADDRINUSE" || code === "EACCES") return code;
    throw error;
  }
}
