export { createMemoryPipes } from "./create-memory-pipes.js";
