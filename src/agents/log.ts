/** As much of a pino logger as this room needs. */
export interface AgentLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}
