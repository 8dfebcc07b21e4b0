import { Loader } from "@mantine/core";

/** Shown only after a moment, by its style: a fast answer should not flicker. */
export function Loading() {
  return (
    <div className="loading" role="status">
      <Loader size="sm" type="dots" />
      <span className="dim">Loading…</span>
    </div>
  );
}
