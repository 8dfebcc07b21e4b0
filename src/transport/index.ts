export { abortFrom, TransportError } from "./error.js";
export { handOver } from "./hand-over.js";
export { leaveHeapRoomForBytes } from "./heap-for-bytes.js";
export { joinPipes } from "./join-pipes.js";
export { createMemoryPipes } from "./memory/index.js";
export type { Pipe, PipeAbort, PipeSink } from "./pipe.js";
export { createStrangers, type Strangers } from "./strangers.js";
export { type ConnectTcpOptions, connectTcp, tcpPipe } from "./tcp/index.js";
export {
  pipeDuplex,
  type SecureClientOptions,
  type SecureInfo,
  type SecureServerOptions,
  securePipe,
} from "./tls/index.js";
export { flushWritten } from "./turn.js";
export { type ConnectUnixOptions, connectUnix } from "./unix/index.js";
