#!/usr/bin/env node
import { bundledMain } from "./cli/bundled-main.js";

const bundled = bundledMain(new URL("./", import.meta.url));
const { main }: typeof import("./cli/main.js") = await (bundled === null
  ? import("./cli/main.js")
  : import(bundled.href));

process.exitCode = await main(process.argv.slice(2), process.env);
