import { pipeCompliance } from "../pipe-compliance.js";
import { createMemoryPipes } from "./create-memory-pipes.js";

pipeCompliance("a memory pipe", {
  open: async () => {
    const [a, b] = createMemoryPipes();
    return { a, b, close: () => a.abort({ code: "cancelled", text: "test over" }) };
  },
  carriesReason: { fromA: true, fromB: true },
  maxUnderWay: 512 * 1024,
});
