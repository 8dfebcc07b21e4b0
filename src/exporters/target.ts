import { posix } from "node:path";
import { z } from "zod";
import { HoopError } from "../vocabulary/index.js";

const host = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/, "expected a host's name or address");
const url = z
  .url({ protocol: /^https?$/ })
  .max(1_000)
  .refine((text) => {
    const { username, password, hash } = new URL(text);
    return username === "" && password === "" && hash === "";
  }, "has a login or a fragment; a login is the exporter's secret");
const ca = z
  .string()
  .max(64 * 1024)
  .optional();
const headers = z
  .record(
    z.string().regex(/^[A-Za-z0-9-]{1,60}$/),
    z
      .string()
      .max(500)
      .regex(/^[\t\x20-\x7e]*$/),
  )
  .optional();

/** What every target that is sent to by HTTP may say. */
const sent = {
  ca,
  headers,
  gzip: z.boolean().default(true),
  batch: z.number().int().min(1).max(1_000).default(200),
};

/** Where an exporter sends, and how. Its secret is not in it. */
export const exportTargetSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("file"),
    /** Below the gateway's folder for exports. */
    path: z
      .string()
      .regex(
        /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){0,5}$/,
        "is a plain path below the folder for exports",
      ),
    maxBytes: z
      .number()
      .int()
      .min(64 * 1024)
      .max(16 * 1024 ** 3)
      .default(100 * 1024 * 1024),
    keep: z.number().int().min(1).max(1_000).default(10),
  }),
  z.strictObject({
    kind: z.literal("syslog"),
    host,
    port: z.number().int().min(1).max(65_535).default(6514),
    transport: z.enum(["tls", "tcp", "udp"]).default("tls"),
    ca,
    facility: z.number().int().min(0).max(23).default(13),
    /** Longest message, in bytes; longer entries are sent in parts. */
    maxMessage: z
      .number()
      .int()
      .min(1_024)
      .max(1024 * 1024)
      .default(8_192),
  }),
  z.strictObject({
    kind: z.literal("http"),
    url,
    ...sent,
    maxBytes: z
      .number()
      .int()
      .min(16 * 1024)
      .max(16 * 1024 * 1024)
      .default(1024 * 1024),
  }),
  z.strictObject({
    kind: z.literal("otlp"),
    /** Of the collector; `/v1/logs` is added. */
    url,
    ...sent,
    maxBytes: z
      .number()
      .int()
      .min(16 * 1024)
      .max(4 * 1024 * 1024)
      .default(1024 * 1024),
  }),
]);
export type ExportTarget = z.output<typeof exportTargetSchema>;

export const exporterName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "an exporter's name is lower case: letters, digits and -");

/** What leaves: `events`, `entries` of recordings, or both. */
export const exportSources = ["events", "entries"] as const;
export type ExportSource = (typeof exportSources)[number];

/** Where a file goes. Throws HoopError `invalid` for a path that leaves the folder. */
export function filePath(root: string, path: string): string {
  const full = posix.resolve(root, path);
  if (!full.startsWith(`${posix.resolve(root)}/`))
    throw new HoopError("invalid", "the file is not below the folder for exports");
  return full;
}
