import type { AgentId } from "../vocabulary/index.js";
import type { AgentStore, StoredAgent } from "./store.js";

/** Agents in memory, for tests: what `storage/agents.ts` does, without a database. */
export function createMemoryAgentStore(): AgentStore {
  const agents: (StoredAgent & { revoked: boolean; certificateExpires: Date | null })[] = [];
  const tokens = new Map<string, { readonly agent: string; uses: number; readonly expiresAt: Date }>();
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  const good = (hash: Buffer, now: Date) => {
    const token = tokens.get(hash.toString("hex"));
    return token !== undefined && token.uses > 0 && token.expiresAt > now ? token : null;
  };
  const active = (name: string) => agents.find((agent) => agent.name === name && !agent.revoked);

  return {
    list: async () => agents.map((agent) => ({ ...agent })),
    byId: async (id: AgentId) => agents.find((agent) => agent.id === id) ?? null,
    createJoinToken: async ({ hash, agent, uses, expiresAt }) => {
      tokens.set(hash.toString("hex"), { agent, uses, expiresAt });
    },
    findJoinToken: async (hash, now) => {
      const token = good(hash, now);
      return token === null ? null : { agent: token.agent, id: active(token.agent)?.id ?? null };
    },
    enrol: async ({ hash, now, id, certificateExpires }) => {
      const token = good(hash, now);
      if (token === null) return false;
      token.uses--;
      const known = active(token.agent);
      if (known !== undefined && known.id !== id) return false;
      if (known !== undefined) known.certificateExpires = certificateExpires;
      else agents.push({ id, name: token.agent, createdAt: now, revoked: false, certificateExpires });
      changed();
      return true;
    },
    renewed: async (id, certificateExpires) => {
      const agent = agents.find((one) => one.id === id);
      if (agent !== undefined) agent.certificateExpires = certificateExpires;
    },
    revoke: async (name) => {
      for (const [hash, token] of tokens) if (token.agent === name) tokens.delete(hash);
      const agent = active(name);
      if (agent === undefined) return false;
      agent.revoked = true;
      changed();
      return true;
    },
    watch: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
