export { type ConnectTcpOptions, connectTcp } from "./connect-tcp.js";
export { tcpPipe } from "./tcp-pipe.js";
