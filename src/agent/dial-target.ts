import { connectTcp, type Pipe, TransportError } from "../transport/index.js";
import { deadline } from "../vocabulary/index.js";
import { type AllowList, DialError } from "./allow-list.js";

/** No dial spends its whole time on one address of several. */
const leastAttemptMs = 1000;

/** Dials what the allow-list lets through, address by address, until one answers. Throws DialError. */
export async function dialTarget(
  allow: AllowList,
  { host, port }: { readonly host: string; readonly port: number },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Pipe> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new DialError("not-allowed", "this is no port");
  const deadline = Date.now() + timeoutMs;
  const addresses = await within(allow.addressesFor(host, port), timeoutMs, signal);
  let last = new DialError("refused", "no address answered");
  for (const [index, address] of addresses.entries()) {
    const left = deadline - Date.now();
    if (left <= 0 || signal.aborted) break;
    const share = Math.max(leastAttemptMs, left / (addresses.length - index));
    try {
      return await connectTcp({ host: address, port, timeoutMs: Math.min(left, share), signal });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      last = new DialError(error.code === "timeout" ? "timeout" : "refused", error.message, { cause: error });
    }
  }
  throw last;
}

/** A resolver has no deadline of its own. */
function within<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const any = deadline(timeoutMs, signal);
    const late = () => reject(new DialError("timeout", "the name was not resolved in time"));
    any.addEventListener("abort", late, { once: true });
    work.then(resolve, reject).finally(() => any.removeEventListener("abort", late));
  });
}
