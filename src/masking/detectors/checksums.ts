/** Sum of a number's digits by Luhn (ISO/IEC 7812-1, annex B); a valid number's ends with 0. */
export function luhnSum(digits: string): number {
  let sum = 0;
  for (let i = digits.length - 1, double = false; i >= 0; i--, double = !double) {
    const digit = digits.charCodeAt(i) - 48;
    sum += double ? (digit < 5 ? digit * 2 : digit * 2 - 9) : digit;
  }
  return sum;
}

export const isLuhn = (digits: string): boolean => luhnSum(digits) % 10 === 0;

/** Sum of digits times weights. */
export function weighted(digits: string, weights: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += (digits.charCodeAt(i) - 48) * weights[i]!;
  return sum;
}

// Verhoeff's dihedral group, its permutation, and nothing else.
const product = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
  [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
  [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
  [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
  [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
  [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
  [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
  [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
  [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
] as const;
const permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4] as const;

export function isVerhoeff(digits: string): boolean {
  let check = 0;
  for (let i = digits.length - 1, place = 0; i >= 0; i--, place++) {
    let digit = digits.charCodeAt(i) - 48;
    for (let times = place % 8; times > 0; times--) digit = permutation[digit]!;
    check = product[check]![digit]!;
  }
  return check === 0;
}

/** ISO 7064, MOD 11,10. */
export function isMod11_10(digits: string): boolean {
  let rest = 10;
  for (let i = 0; i < digits.length - 1; i++) {
    rest = (rest + digits.charCodeAt(i) - 48) % 10 || 10;
    rest = (rest * 2) % 11;
  }
  return (11 - rest) % 10 === digits.charCodeAt(digits.length - 1) - 48;
}

/** Whether there is such a day; `year` may be a year of the century, of any. */
export function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const days = [31, year % 4 === 0 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= days[month - 1]!;
}
