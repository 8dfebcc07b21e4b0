import { HoopError } from "../vocabulary/index.js";

/** How long the store may take to open or use a review. */
export const deskMs = 15_000;

/** The promise, or HoopError `unavailable` when it takes too long; what comes later is given to `late`. */
export function within<T>(promise: Promise<T>, late: (value: T) => void, ms: number = deskMs): Promise<T> {
  return new Promise((resolve, reject) => {
    let waited = false;
    const timer = setTimeout(() => {
      waited = true;
      reject(new HoopError("unavailable", "the gateway's store did not answer in time"));
    }, ms);
    promise.then(
      (value) => {
        clearTimeout(timer);
        if (waited) late(value);
        else resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
