import { isDay } from "./checksums.js";
import { nationalId } from "./national-id.js";

const letters = "0123456789ABCDEFHJKLMNPRSTUVWXY";

/** Finland. The mark in the middle tells the century. */
export const fiHetu = nationalId({
  name: "fi-hetu",
  finds: "Finnish personal identity codes: a day of birth in them, and their check character.",
  prefilters: ["[0-9]{6}[-+A-FU-Ya-fu-y][0-9]{3}[0-9A-Ya-y]"],
  patterns: [/(?<![A-Za-z0-9])[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y](?![A-Za-z0-9])/gi],
  accept: ([value]) =>
    isDay(Number(value.slice(4, 6)), Number(value.slice(2, 4)), Number(value.slice(0, 2))) &&
    letters[Number(value.slice(0, 6) + value.slice(7, 10)) % 31] === value[10]!.toUpperCase(),
});
