/** All rows that the folders give, judged; every mistake in them is told, with file, row, cell. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Problem, UserError } from "../errors.ts";
import { EXPECT_FILE } from "../expect/format.ts";
import { readExpectations } from "../expect/review.ts";
import { readText } from "../files.ts";
import { showPath } from "../loader/paths.ts";
import { didYouMean } from "../suggest.ts";
import { type Judged, judgeCell, type Promoted, type PromotedSpec } from "./cell.ts";
import { COLUMNS, parseSchemes, type Row, SCHEMES, SCHEMES_FILE } from "./format.ts";

export interface JudgedRow {
  name: string;
  scheme: string;
  /** Where its schemes.json lies: links in its texts start here. */
  folder: string;
  /** One for each column. */
  cells: Judged[];
}

/** @throws UserError with everything that is wrong */
export function schemeRows(folders: string[]): JudgedRow[] {
  const promoted = promotedIn(folders);
  const problems: Problem[] = [];
  const rows = folders.flatMap((folder): JudgedRow[] => {
    const file = showPath(join(folder, SCHEMES_FILE));
    if (!existsSync(file)) return [];
    return Object.entries(parseSchemes(readText(file), file)).map(([name, row]) => {
      const refuse = (place: string, problem: Omit<Problem, "file">) => {
        problems.push({ ...problem, file, message: `${place}: ${problem.message}` });
        return undefined;
      };
      const cells = cellsOf(row, promoted, (column, p) => refuse(`${name}, ${column}`, p));
      if (row.scheme !== "-" && !SCHEMES.includes(row.scheme)) {
        const fix = 'S01 to S29, or "-" for what is none of them';
        refuse(name, { message: `no scheme is called ${row.scheme}`, fix });
      }
      return { name, scheme: row.scheme, folder: showPath(folder), cells };
    });
  });
  problems.push(...doubles(rows), ...absent(rows));
  const [first, ...more] = problems;
  if (first) throw new UserError(first, ...more);
  return rows.sort(byScheme);
}

function promotedIn(folders: string[]): Promoted {
  const specs = folders.flatMap((folder) => {
    const sheet = readExpectations(showPath(join(folder, EXPECT_FILE))) ?? {};
    return Object.entries(sheet).map(([name, spec]): [string, PromotedSpec] => {
      return [name, { ...spec, folder: showPath(folder) }];
    });
  });
  return new Map(specs);
}

type Refuse = (column: string, problem: Omit<Problem, "file">) => undefined;

function cellsOf({ cells }: Row, promoted: Promoted, refuse: Refuse): Judged[] {
  const columns: readonly string[] = COLUMNS;
  for (const column of Object.keys(cells).filter((name) => !columns.includes(name))) {
    refuse(column, { message: "there is no such column", fix: didYouMean(column, columns) });
  }
  return COLUMNS.flatMap((column): Judged[] => {
    const cell = cells[column];
    const judged = cell
      ? judgeCell(cell, promoted, (problem) => refuse(column, problem))
      : refuse(column, { message: "the cell is empty", fix: "give evidence, or na, or open" });
    return judged ? [judged] : [];
  });
}

function doubles(rows: JudgedRow[]): Problem[] {
  return rows.flatMap((row, i): Problem[] => {
    const first = rows.findIndex((other) => other.name === row.name);
    if (first === i) return [];
    const file = join(row.folder, SCHEMES_FILE);
    return [{ file, message: `${row.name}: ${rows[first]?.folder} has a row of this name, too` }];
  });
}

function absent(rows: JudgedRow[]): Problem[] {
  const missing = SCHEMES.filter((scheme) => !rows.some((row) => row.scheme === scheme));
  return missing.map((scheme) => ({
    message: `${scheme} has no row`,
    fix: `add one to the ${SCHEMES_FILE} beside the spec that tells about it`,
  }));
}

/** By number, then by name; what has none comes last. */
function byScheme(a: JudgedRow, b: JudgedRow): number {
  const key = ({ scheme, name }: JudgedRow) => (scheme === "-" ? `T ${name}` : `${scheme} ${name}`);
  return key(a) < key(b) ? -1 : 1;
}
