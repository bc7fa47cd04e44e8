/**
 * How many states there may be in the end, from the sizes of the levels so far. Levels first grow
 * by a factor, then by less and less, and in the end shrink: on a logarithmic scale they lie near
 * a parabola. It is fitted to the last levels, to more and to most of them; what the three disagree
 * about is the range. It is a guess, not a bound: nothing keeps a model from growing again.
 */
export interface Estimate {
  low: number;
  high: number;
}

/** Parts of the levels to which a parabola is fitted, and how many there must be. */
const PARTS = [0.4, 0.6, 0.8];
const FEWEST = 15;
/** When the fits differ by more, nothing is known. */
const MOST_APART = 3;
/** What is still to come, by the fits, may be this part of the truth, or so many times it. */
const MARGIN = 2;
const MOST_LEVELS = 10_000;

/**
 * @param levels first state of each level; the last entry is where the last complete level ends
 * @returns undefined while levels are few, or do not tell where they end
 */
export function expectedStates(levels: number[]): Estimate | undefined {
  if (levels.length <= FEWEST) return undefined;
  const found = (levels.at(-1) as number) - 1;
  const sizes = levels.slice(1).map((end, k) => Math.log(end - (levels[k] as number)));
  const rests = PARTS.map((part) => {
    return restOf(sizes.slice(-Math.max(FEWEST - 3, Math.floor(sizes.length * part))));
  });
  const least = Math.min(...rests);
  const most = Math.max(...rests);
  if (!((found + most) / (found + least) <= MOST_APART)) return undefined;
  return { low: found + least / MARGIN, high: found + most * MARGIN };
}

/** The sum of what follows these logarithms along their parabola; NaN when it opens upwards. */
function restOf(logs: number[]): number {
  const [a, b, c] = parabola(logs);
  if (!(c < 0)) return Number.NaN;
  let sum = 0;
  for (let x = 1; x < MOST_LEVELS; x++) {
    const log = a + b * x + c * x * x;
    if (log < 0 && b + 2 * c * x < 0) break;
    sum += Math.exp(log);
  }
  return sum;
}

type Row = [number, number, number];

function det([[a, b, c], [d, e, f], [g, h, i]]: [Row, Row, Row]): number {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

/** Least squares: a + b x + c x^2, where the last value is at x = 0. */
function parabola(values: number[]): Row {
  const s = [0, 0, 0, 0, 0];
  const t = [0, 0, 0];
  values.forEach((y, k) => {
    const x = k - values.length + 1;
    for (let p = 0; p < 5; p++) s[p] = (s[p] as number) + x ** p;
    for (let p = 0; p < 3; p++) t[p] = (t[p] as number) + y * x ** p;
  });
  const [s0, s1, s2, s3, s4] = s as [number, number, number, number, number];
  const [t0, t1, t2] = t as [number, number, number];
  const all = det([
    [s0, s1, s2],
    [s1, s2, s3],
    [s2, s3, s4],
  ]);
  return [
    det([
      [t0, s1, s2],
      [t1, s2, s3],
      [t2, s3, s4],
    ]) / all,
    det([
      [s0, t0, s2],
      [s1, t1, s3],
      [s2, t2, s4],
    ]) / all,
    det([
      [s0, s1, t0],
      [s1, s2, t1],
      [s2, s3, t2],
    ]) / all,
  ];
}
