import type { EventDraft, HoopEvent } from "../../events/index.js";

export interface LogRow {
  readonly position: string;
  readonly body: string;
}

export function eventFromRow({ position, body }: LogRow): HoopEvent {
  return { ...(JSON.parse(body) as EventDraft), position: Number(position) };
}
