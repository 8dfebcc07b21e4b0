import type { HoopError } from "../../vocabulary/index.js";
import type { Held, HoldRequest, ReviewDesk, ReviewState } from "../desk.js";

/** A review at a desk of a test. */
export interface MemoryReview {
  readonly id: string;
  readonly digest: string;
  readonly request: HoldRequest;
  state: ReviewState;
  readonly left: string[];
  readonly listeners: Set<(state: ReviewState) => void>;
}

/** A desk in memory, with people who do what the test says. */
export class MemoryDesk implements ReviewDesk {
  readonly reviews: MemoryReview[] = [];
  /** What was asked of the desk, in order. */
  readonly calls: string[] = [];
  /** Not null: the store is away, or too many are pending. */
  broken: HoopError | null = null;
  /** Milliseconds since the epoch after which an approval counts no more. */
  useBy = Number.MAX_SAFE_INTEGER;

  get last(): MemoryReview {
    const last = this.reviews.at(-1);
    if (last === undefined) throw new Error("nothing is held");
    return last;
  }

  async hold(request: HoldRequest, changed: (state: ReviewState) => void): Promise<Held> {
    this.calls.push("hold");
    if (this.broken !== null) throw this.broken;
    const open = this.reviews.find(
      ({ digest, state }) => digest === request.digest && (state.state === "pending" || state.state === "approved"),
    );
    const review: MemoryReview = open ?? {
      id: `r${this.reviews.length + 1}`,
      digest: request.digest,
      request,
      state: { state: "pending", missing: "1 approval of dba" },
      left: [],
      listeners: new Set(),
    };
    if (open === undefined) this.reviews.push(review);
    review.listeners.add(changed);
    setImmediate(() => review.listeners.has(changed) && changed(review.state));
    return {
      id: review.id,
      link: `https://hoop.test/reviews/${review.id}`,
      expiresAt: 4_102_444_800_000,
      leave: (why) => {
        if (!review.listeners.delete(changed)) return;
        review.left.push(why);
        if (why !== "restarted" && review.state.state === "pending") review.state = { state: "withdrawn" };
      },
    };
  }

  async consume(id: string, digest: string): Promise<boolean> {
    this.calls.push("consume");
    if (this.broken !== null) throw this.broken;
    const review = this.reviews.find((one) => one.id === id);
    if (review?.state.state !== "approved" || review.digest !== digest) return false;
    review.state = { state: "used" };
    return true;
  }

  /** Somebody decides. */
  decide(state: ReviewState, review: MemoryReview = this.last): void {
    review.state = state;
    for (const listener of [...review.listeners]) listener(state);
  }

  approve(review: MemoryReview = this.last): void {
    this.decide({ state: "approved", by: ["grace"], breakGlass: false, useBy: this.useBy }, review);
  }
}
