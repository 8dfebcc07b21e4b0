import { HoopError } from "../vocabulary/index.js";

/** A wrong code is not a lost login: where somebody is signed in it is `denied`, so that no program renews its token and tries again by itself. */
export async function insideLogin<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HoopError) || error.code !== "unauthenticated") throw error;
    throw new HoopError("denied", error.message, { hint: error.hint, cause: error.cause });
  }
}
