import { elevenDigits, nationalId } from "./national-id.js";

/** France. Corsica's departments are counted as 19 and 18. */
export const frNir = nationalId({
  name: "fr-nir",
  finds: "French social security numbers (NIR), 15 places, with their key modulo 97.",
  // Corsica's letter splits the digits.
  prefilters: [elevenDigits, "[0-9] ?[0-9]{2} ?[0-9]{2} ?2[ABab]"],
  patterns: [
    /(?<![A-Za-z0-9])[12378][ .]?[0-9]{2}[ .]?(?:0[1-9]|1[0-2]|[2-35-9][0-9]|4[0-2])[ .]?(?:[0-9]{2}|2[AB])[ .]?[0-9]{3}[ .]?[0-9]{3}[ .]?[0-9]{2}(?![A-Za-z0-9])/gi,
  ],
  accept: ([value]) => {
    const digits = value.replaceAll(/[ .]/g, "").toUpperCase().replace("2A", "19").replace("2B", "18");
    return 97 - Number(BigInt(digits.slice(0, 13)) % 97n) === Number(digits.slice(13));
  },
});
