export { openOwnClient } from "./driver/own-client.js";
export { serveWire } from "./driver/serve-wire.js";
