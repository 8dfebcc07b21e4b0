import { readFileSync } from "node:fs";

/** Hoop's version, from the package. */
export const version: string = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
