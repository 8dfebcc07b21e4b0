declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A subject's id: a person, a service account or an agent of AI. UUID. */
export type SubjectId = Branded<"SubjectId">;
/** A connection's id. UUID. */
export type ConnectionId = Branded<"ConnectionId">;
/** One subject using one connection, from admit to end. UUID. */
export type SessionId = Branded<"SessionId">;
/** One statement inside a session; ascending within the session, `<session>:<n>`. */
export type StatementId = Branded<"StatementId">;
/** An enrolled agent's id. UUID. */
export type AgentId = Branded<"AgentId">;
/** A rule's id: its document's name. */
export type RuleId = Branded<"RuleId">;
/** A hash chain's id: one a gateway replica's journal. UUID. */
export type ChainId = Branded<"ChainId">;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function uuidId<T extends string>(text: string, what: string): T {
  if (!uuid.test(text)) throw new TypeError(`not a ${what}: ${JSON.stringify(text.slice(0, 64))}`);
  return text as T;
}

export const subjectId = (text: string): SubjectId => uuidId<SubjectId>(text, "subject id");
export const connectionId = (text: string): ConnectionId => uuidId<ConnectionId>(text, "connection id");
export const sessionId = (text: string): SessionId => uuidId<SessionId>(text, "session id");
export const agentId = (text: string): AgentId => uuidId<AgentId>(text, "agent id");
export const chainId = (text: string): ChainId => uuidId<ChainId>(text, "chain id");
export const ruleId = (text: string): RuleId => text as RuleId;
export const statementId = (session: SessionId, n: number): StatementId => `${session}:${n}` as StatementId;
