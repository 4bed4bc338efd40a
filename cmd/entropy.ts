/**
 * The first key or handshake of a process waits some 40 ms until the cryptography library has gathered randomness from
 * the processor. Making a key that nobody needs starts that in another thread, while this one loads modules.
 */
export function gatherEntropy(): void {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  // Only a head start: who needs randomness gets it, or fails, all the same.
  crypto.subtle.generateKey(algorithm, false, ["sign"]).catch(() => {});
}
