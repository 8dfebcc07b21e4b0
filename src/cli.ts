#!/usr/bin/env node
import { bundledMain } from "./cli/bundled-main.js";

const bundled = bundledMain(new URL("./", import.meta.url));
const { main }: typeof import("./cli/main.js") = await (bundled === null
  ? import("./cli/main.js")
  : import(bundled.href));

// Nothing is left to do then. Node takes handles down one by one before it ends by itself, and with a connection of HTTP/2 that broke
// in the same moment it was seen to wait for one of them for ever, at full load.
process.once("beforeExit", () => process.exit());
process.exitCode = await main(process.argv.slice(2), process.env);
