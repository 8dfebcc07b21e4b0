export type { Answer, Ask, AskContext, Waiting } from "./ask.js";
export { openOwnClient, serveWire } from "./driver.js";
export type { Gate, ServerCertificate, SessionHost, SessionKeys } from "./host.js";
export * from "./protocol.js";
export * from "./session.js";
