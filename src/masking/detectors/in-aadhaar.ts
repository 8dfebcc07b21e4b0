import { isVerhoeff } from "./checksums.js";
import { digitsOf } from "./detector.js";
import { elevenDigits, nationalId } from "./national-id.js";

/** India. One number of twelve digits in ten passes the check, so it must be in groups or named by a word. */
export const inAadhaar = nationalId({
  name: "in-aadhaar",
  finds: "Indian Aadhaar numbers by Verhoeff's check: in groups of four, or behind “aadhaar” or “uidai”.",
  prefilters: [elevenDigits],
  patterns: [
    /(?<![A-Za-z0-9-]|[0-9][ ])[2-9][0-9]{3}([ -])[0-9]{4}\1[0-9]{4}(?![A-Za-z0-9-]| [0-9])/g,
    /(?<![0-9])(?=[0-9])(?<=(?:aadhaar|aadhar|uidai)[^0-9\n\r]{0,20})[2-9][0-9]{11}(?![0-9])/gi,
  ],
  accept: ([value]) => isVerhoeff(digitsOf(value)),
});
