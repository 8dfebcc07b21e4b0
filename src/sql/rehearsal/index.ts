export { unexplainable } from "./explainable.js";
export { plainWrite } from "./plain-write.js";
export { proveWrite } from "./prove-write.js";
