export type { Answer, Ask, AskContext, ExpectedEffect, Waiting } from "./ask.js";
export { openOwnClient, serveWire } from "./driver.js";
export type { Gate, ServerCertificate, SessionHost, SessionKeys } from "./host.js";
export type { Meter, MeteredSubjects, Stopped } from "./meter.js";
export * from "./own-run.js";
export * from "./protocol.js";
export * from "./session.js";
export { timeLeft } from "./time-left.js";
