/** No vowels and nothing that is easily mistaken. Source: k8s.io/apimachinery/pkg/util/rand. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH = 5;

/** Leaves room for the suffix in a label of 63. Source: k8s.io/apiserver/pkg/storage/names. */
const BASE_LENGTH_MAX = 58;

/** Names tried for one object. Source: k8s.io/apiserver, maxNameGenerationCreateAttempts. */
export const GENERATE_NAME_ATTEMPTS_MAX = 8;

export function generateName(base: string, random: () => number): string {
  let name = base.slice(0, BASE_LENGTH_MAX);
  for (let i = 0; i < SUFFIX_LENGTH; i += 1) {
    name += ALPHABET[Math.floor(random() * ALPHABET.length)];
  }
  return name;
}
