import type { Conversation } from "./conversation.js";
import type { OwnAnswer, OwnQuestion, OwnWork } from "./own-work.js";

/** How often a question of ours may be hit by the client's own cancel before the session is given up. */
const maxTries = 3;

// SHOW needs no snapshot: `SET TRANSACTION ISOLATION LEVEL` still works behind it.
const settings: readonly OwnQuestion[] = [
  { text: "SHOW search_path" },
  { text: "SHOW role" },
  { text: "SHOW session_authorization" },
];
const prepared: OwnQuestion = {
  text: "SELECT name, statement, from_sql FROM pg_catalog.pg_prepared_statements",
};

/** Asks the target what its session's settings are, after something ran that may have changed them. Unseen by the client. */
export function learn(conversation: Conversation, tries = 1): void {
  const { context } = conversation;
  // A stream of the whole cluster knows no SQL, so nothing was ever prepared.
  const withPrepared = context.dirtyPrepared && conversation.replication !== "physical";
  context.dirty = false;
  context.dirtyPrepared = false;
  conversation.own(withPrepared ? [...settings, prepared] : settings, (work) => {
    if (work.failure === null) return learned(conversation, work, withPrepared);
    context.dirty = true;
    context.dirtyPrepared ||= withPrepared;
    // Inside of a pipeline the target now discards up to Sync, as it does in a failed transaction: the client is told.
    if (conversation.unsynced > 0 || work.failure.code === "25P02")
      return conversation.client.pipelineFailed(work.failure.frame);
    if (tries < maxTries) return learn(conversation, tries + 1);
    conversation.fail("the target no longer tells its session's settings, so statements cannot be judged");
  });
}

function learned(conversation: Conversation, { answers }: OwnWork, withPrepared: boolean): void {
  const { context } = conversation;
  const [searchPath, role, sessionUser] = answers.map(only);
  if (searchPath == null || role == null || sessionUser == null) {
    conversation.fail("the target does not tell its session's settings, so statements cannot be judged");
    return;
  }
  const text = (bytes: Buffer): string => context.codec.decodeLoosely(bytes);
  context.searchPath = text(searchPath);
  context.sessionUser = text(sessionUser);
  context.role = text(role) === "none" ? context.sessionUser : text(role);
  if (withPrepared) rememberPrepared(conversation, answers[settings.length]!);
}

function only({ rows }: OwnAnswer): Buffer | null {
  return rows.length === 1 ? (rows[0]![0] ?? null) : null;
}

/** SQL's PREPARE and DEALLOCATE share their names with the protocol's Parse and Close: the target's list is the truth. */
function rememberPrepared({ context, statements, ownName }: Conversation, { rows }: OwnAnswer): void {
  const listed = new Map<string, { text: string; fromSql: boolean }>();
  for (const [name, text, fromSql] of rows) {
    if (name == null || text == null) continue;
    listed.set(name.toString("latin1"), {
      text: context.codec.decodeLoosely(text),
      fromSql: fromSql?.toString("latin1") !== "f",
    });
  }
  context.prepared = new Map();
  for (const [name, { text, fromSql }] of listed) if (fromSql && name !== ownName) context.prepared.set(name, text);
  for (const [name, statement] of [...statements.confirmed()]) {
    const there = listed.get(name);
    if (name !== "" && (there === undefined || there.fromSql || there.text !== statement.text)) statements.forget(name);
  }
}
