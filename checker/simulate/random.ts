/** Numbers that look random and are the same for the same seed everywhere. */
export interface Random {
  /** 0 <= n < bound; `bound` at most 2^32. */
  below(bound: number): number;
}

/** xorshift32 (Marsaglia, "Xorshift RNGs", 2003), its seed spread by a multiplication. */
export function randomFrom(seed: number): Random {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0 || 1;
  const next = (): number => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    return x;
  };
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 8; i++) next();
  return { below: (bound) => Math.floor((next() / 2 ** 32) * bound) };
}
