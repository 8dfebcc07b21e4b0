export { type ConnectUnixOptions, connectUnix } from "./connect-unix.js";
