import type { Random } from "../../api/types/ambient.ts";

/** The same numbers for the same seed and name: what one part draws changes nothing for another. */
export function randomFrom(seed: number, name: string): Random {
  let state = seed >>> 0;
  for (const letter of name) state = Math.imul(state ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  // Source: mulberry32
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Decisions out of one stream of numbers. */
export class Dice {
  constructor(readonly random: Random) {}

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** Whole, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.random() * from.length)];
  }

  /** One of the entries, each as often as its weight says. */
  weighted<T extends { readonly weight: number }>(from: readonly T[]): T {
    let left = this.random() * from.reduce((sum, { weight }) => sum + weight, 0);
    return from.find(({ weight }) => (left -= weight) < 0) ?? from.at(-1)!;
  }
}

/** Uids that are those of the seed. */
export function uidsFrom(random: Random): () => string {
  return () => {
    const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };
}

/** Of all clocks, those that are wrong. */
const SKEWED = 0.3;
const SKEW_MS_MAX = 3_600_000;

/** How far a clock is off, for good. */
export function skewFrom(dice: Dice): number {
  return dice.chance(SKEWED) ? dice.between(-SKEW_MS_MAX, SKEW_MS_MAX) : 0;
}
