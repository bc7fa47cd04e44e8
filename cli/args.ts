/** The command line as data: what a command accepts, and what the user gave. */
import { parseArgs } from "node:util";
import { fail } from "./errors.ts";
import { didYouMean, nearest } from "./suggest.ts";

export interface OptionSpec {
  /** Placeholder of its value (`NAME`); an option without one is a switch. */
  value?: string;
  /** One-letter form. */
  short?: string;
  /** May be given more than once. */
  many?: true;
  help: string;
}

export interface Input {
  args: string[];
  /** Switches that were given. */
  flags: ReadonlySet<string>;
  values: ReadonlyMap<string, string>;
  /** Of options that may be given more than once. */
  lists: ReadonlyMap<string, string[]>;
}

export interface Command {
  name: string;
  summary: string;
  /** What follows `mmrace NAME`. */
  usage: string;
  /** Paragraphs below the options. */
  details: string;
  options: Record<string, OptionSpec>;
  /** How many arguments besides options. */
  args: { min: number; max: number };
  run(input: Input): Promise<number>;
}

/** Options that every command takes. */
export const COMMON: Record<string, OptionSpec> = {
  help: { short: "h", help: "show this text" },
  "no-color": { help: "no colours (so does the environment variable NO_COLOR)" },
};

/** Reads the words after the command name; anything it does not know is refused. */
export function parseInput(command: Command, words: string[]): Input {
  const known = { ...command.options, ...COMMON };
  const options = Object.entries(known).map(([name, spec]) => {
    const type = spec.value ? ("string" as const) : ("boolean" as const);
    return [name, spec.short ? { type, short: spec.short } : { type }] as const;
  });
  const { tokens } = parseArgs({
    args: words,
    options: Object.fromEntries(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const input = {
    args: [] as string[],
    flags: new Set<string>(),
    values: new Map<string, string>(),
    lists: new Map<string, string[]>(),
  };
  for (const token of tokens) {
    if (token.kind === "positional") input.args.push(token.value);
    if (token.kind !== "option") continue;
    const spec = known[token.name];
    if (!spec) unknownOption(command, token.rawName, Object.keys(known));
    takeOption(token, spec, input);
  }
  const { min, max } = command.args;
  const help = `mmrace ${command.name} --help`;
  if (input.flags.has("help")) return input;
  if (input.args.length < min) fail(`${command.name}: an argument is missing`, `see ${help}`);
  if (input.args.length > max) {
    fail(`${command.name}: too many arguments: ${input.args.slice(max).join(" ")}`, `see ${help}`);
  }
  return input;
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function takeOption(
  token: OptionToken,
  spec: OptionSpec,
  input: { flags: Set<string>; values: Map<string, string>; lists: Map<string, string[]> },
): void {
  if (input.flags.has(token.name) || input.values.has(token.name)) {
    fail(`${token.rawName} is given twice`);
  }
  if (!spec.value) {
    if (token.value !== undefined) fail(`${token.rawName} takes no value`);
    input.flags.add(token.name);
    return;
  }
  const swallowed = !token.inlineValue && token.value?.startsWith("--");
  if (!token.value || swallowed) {
    fail(`${token.rawName} needs a value`, `${token.rawName} ${spec.value}`);
  }
  if (!spec.many) input.values.set(token.name, token.value);
  else input.lists.set(token.name, [...(input.lists.get(token.name) ?? []), token.value]);
}

function unknownOption(command: Command, raw: string, known: string[]): never {
  const near = nearest(raw.replace(/^-+/, ""), known);
  const fix = near ? `did you mean --${near}?` : `see mmrace ${command.name} --help`;
  fail(`${command.name}: unknown option ${raw}`, fix);
}

/** One of a fixed set of words, or undefined when the option is absent. */
export function choiceOf<T extends string>(
  input: Input,
  name: string,
  choices: readonly T[],
): T | undefined {
  const value = input.values.get(name);
  if (value === undefined) return undefined;
  const found = choices.find((c) => c === value);
  return found ?? fail(`--${name} ${value}: no such choice`, didYouMean(value, choices));
}

function scaled(input: Input, name: string, units: Record<string, number>, example: string) {
  const value = input.values.get(name);
  if (value === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(value.replaceAll("_", ""));
  const unit = units[match?.[2] ?? "?"];
  const amount = Number(match?.[1]) * (unit ?? Number.NaN);
  if (Number.isFinite(amount) && amount > 0) return amount;
  return fail(`--${name} ${value}: not an amount above zero`, `write it like ${example}`);
}

/** `1000000`, `1_000_000`, `20M`. */
export function countOf(input: Input, name: string): number | undefined {
  const count = scaled(input, name, { "": 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 }, "5000000 or 5M");
  return count === undefined ? undefined : Math.floor(count);
}

/** `512M`, `2G`, in bytes. */
export function bytesOf(input: Input, name: string): number | undefined {
  const units = { "": 1, k: 2 ** 10, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
  const bytes = scaled(input, name, units, "512M or 2G");
  return bytes === undefined ? undefined : Math.floor(bytes);
}

/** `90`, `60s`, `5m`, `1h`, in seconds. */
export function secondsOf(input: Input, name: string): number | undefined {
  return scaled(input, name, { "": 1, ms: 1e-3, s: 1, m: 60, h: 3600 }, "90s or 5m");
}
