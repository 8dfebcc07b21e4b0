import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Subject } from "../vocabulary/index.js";
import type { Principal } from "./access.js";
import type { ApiDeps, ApiOptions } from "./deps.js";

/** Fastify, typed by zod. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What a file of routes is given. */
export interface RouteContext {
  readonly deps: ApiDeps;
  readonly options: ApiOptions;
  readonly now: () => number;
  /**
   * Does an administrative act and writes it down under the caller's name; refuses beforehand when it could not be written.
   * `by` null: the act itself finds out who, and says so.
   */
  change<T>(by: Pick<Principal, "subject"> | null, act: () => Promise<Changed<T>>): Promise<T>;
}

export interface Changed<T> {
  readonly answer: T;
  readonly entry: ChangeEntry;
  readonly by?: Subject | undefined;
}

/** What changed: `connection.edited`, which one, and both states without any secret. */
export interface ChangeEntry {
  readonly what: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
}

export type Routes = (app: App, context: RouteContext) => void;
