import "./reflect-metadata.js";
import * as x509 from "@peculiar/x509";

export { x509 };
