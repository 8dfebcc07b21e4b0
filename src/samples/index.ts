export { isSampleHost, type SampleSecrets, sampleConnections } from "./connections.js";
export { giveSampleRoles, sampleRole } from "./postgres/roles.js";
export { sampleSql } from "./postgres/seed.js";
export { createSamples, type Samples } from "./samples.js";
export { startSshSite } from "./ssh/start.js";
export { tidySamples } from "./tidy.js";
export { startSite } from "./web/start.js";
