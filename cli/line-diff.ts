/** What was added and removed between two lists of lines. */
export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
}

/** By the longest common subsequence; quadratic, for texts of a few thousand lines at most. */
export function lineDiff(before: readonly string[], after: readonly string[]): DiffLine[] {
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] =
        before[i] === after[j]
          ? (common[(i + 1) * width + j + 1] as number) + 1
          : Math.max(common[(i + 1) * width + j] as number, common[i * width + j + 1] as number);
    }
  }
  const lines: DiffLine[] = [];
  for (let i = 0, j = 0; i < before.length || j < after.length; ) {
    const [down, right] = [common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0];
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ kind: "same", text: before[i++] as string });
      j++;
    } else if (j >= after.length || (i < before.length && down >= right)) {
      lines.push({ kind: "removed", text: before[i++] as string });
    } else {
      lines.push({ kind: "added", text: after[j++] as string });
    }
  }
  return lines;
}
