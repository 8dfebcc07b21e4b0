export type { Answer, Ask, AskContext } from "./ask.js";
export { openOwnClient, serveWire } from "./driver.js";
export type { Gate, ServerCertificate, SessionHost } from "./host.js";
export * from "./protocol.js";
export * from "./session.js";
