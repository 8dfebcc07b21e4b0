/** Whom samples run as where the gateway is root: nobody who owns anything. */
export const sampleUser = "hoop-sample";
