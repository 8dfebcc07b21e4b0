import { HoopError } from "../vocabulary/index.js";

/** Waits for a credential no longer than `signal` allows. `late`: what to say then. Throws HoopError. */
export async function within<T>(
  signal: AbortSignal,
  work: Promise<T>,
  name: string,
  late = `the credential of ${name} was not there in time`,
): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new HoopError("unavailable", late, { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    if (error instanceof HoopError) throw error;
    throw new HoopError("unavailable", `the credential of ${name} cannot be read now`, { cause: error });
  } finally {
    signal.removeEventListener("abort", stop);
    work.catch(() => {});
  }
}
