const ROUNDS = 50_000;

/** Prints how many microseconds a round takes, after some that do not count. */
export function measure(name: string, round: () => unknown): void {
  for (let i = 0; i < ROUNDS / 10; i++) round();
  const start = performance.now();
  for (let i = 0; i < ROUNDS; i++) round();
  const us = (performance.now() - start) * 1000 / ROUNDS;
  console.log(`${name.padEnd(28)} ${us.toFixed(2).padStart(8)} µs`);
}
