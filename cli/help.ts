/** Help texts, made from the table of commands. */
import { COMMON, type Command, type OptionSpec } from "./args.ts";

function optionLine([name, spec]: [string, OptionSpec]): [string, string] {
  const long = spec.value ? `--${name} ${spec.value}` : `--${name}`;
  return [spec.short ? `-${spec.short}, ${long}` : `    ${long}`, spec.help];
}

function columns(rows: [string, string][]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}

export function commandHelp(command: Command): string {
  const options = columns(Object.entries({ ...command.options, ...COMMON }).map(optionLine));
  return [
    `mmrace ${command.name}: ${command.summary}`,
    "",
    `usage: mmrace ${command.name} ${command.usage}`.trimEnd(),
    "",
    options,
    ...(command.details ? ["", command.details] : []),
    "",
  ].join("\n");
}

export function generalHelp(commands: Command[]): string {
  return [
    "mmrace: a model checker for races between Linux mm and GPU shared virtual memory",
    "",
    "usage: mmrace COMMAND [arguments] [options]",
    "",
    columns(commands.map((c) => [c.name, c.summary])),
    "",
    "mmrace COMMAND --help describes a command; mmrace --version prints the version.",
    "",
    "exit codes:",
    columns([
      ["0", "every property holds, every search was complete"],
      ["1", "a violation, or a mutant that was not caught as it must be"],
      ["2", "wrong usage, a spec that does not load, nothing to check"],
      ["3", "a limit was hit before a search was complete"],
      ["70", "a mistake in mmrace itself"],
      ["130", "interrupted"],
    ]),
    "",
  ].join("\n");
}
