export { type AgentConfig, type AgentOption, agentOptions, parseAgentConfig } from "./config.js";
export { type RunAgentOptions, runAgent } from "./run-agent.js";
