/**
 * Colours of the swim lanes. Nothing is said by colour alone: locks carry a letter, shared holds
 * are hollow, waits are dashed, watched changes have a star, and the violating box is the only
 * dark one.
 */
export const COLOR = {
  ink: "#1c2833",
  onDark: "#ffffff",
  faint: "#707b7c",
  head: "#2c3e50",
  row: "#ffffff",
  rowOther: "#f4f6f8",
  rowBad: "#fdecea",
  rule: "#ccd1d1",
  box: "#ffffff",
  boxLine: "#aab7b8",
  cause: "#fdebd0",
  causeLine: "#ca6f1e",
  note: "#935116",
  bad: "#b03a2e",
  badLine: "#641e16",
  change: "#34495e",
  watched: "#922b21",
  watchedBack: "#fcf3cf",
  holdLine: "#34495e",
  value: "#6c3483",
  check: "#ca6f1e",
};

/**
 * Lock classes, after Okabe and Ito's palette for all kinds of colour vision, lightened for
 * print.
 */
export const LOCK_COLORS = [
  "#7fb8dd",
  "#f0b25f",
  "#74c7ac",
  "#f2e58a",
  "#d9a3c4",
  "#e59b78",
  "#9db4f0",
  "#c3cf7a",
];
