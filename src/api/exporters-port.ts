import type { ExportCursor, ExporterStore, Exporters } from "../exporters/index.js";

/** Exporters, as the API uses them. */
export interface ExportersPort {
  readonly store: ExporterStore;
  readonly exporters: Pick<Exporters, "status" | "test">;
  newest(): Promise<ExportCursor>;
  putSecret(exporter: string, secret: string): Promise<void>;
  dropSecret(exporter: string): Promise<void>;
  hasSecret(exporter: string): Promise<boolean>;
}
