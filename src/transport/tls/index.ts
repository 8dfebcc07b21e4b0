export { kernelSocket } from "./kernel-socket.js";
export { pipeDuplex } from "./pipe-duplex.js";
export { type SecureClientOptions, type SecureInfo, type SecureServerOptions, securePipe } from "./secure-pipe.js";
