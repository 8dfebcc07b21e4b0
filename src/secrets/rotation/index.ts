export type { RotatePorts } from "./rotate.js";
export type { RotationStore } from "./rotation-store.js";
export { createRotations, type RotationPorts, type Rotations } from "./rotations.js";
