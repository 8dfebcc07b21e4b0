export * from "./desk.js";
