#!/usr/bin/env node
/** The command line: finds the command, runs it, turns what happens into a message and a code. */
import { Console } from "node:console";
import { type Command, parseInput } from "./args.ts";
import { commands } from "./commands/index.ts";
import { fail, problemsText, reason, UserError } from "./errors.ts";
import { EXIT } from "./exit-codes.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { version } from "./home.ts";
import { didYouMean, nearest } from "./suggest.ts";
import { colorsFor } from "./terminal.ts";
import { setFlags } from "./v8.ts";

setFlags();

// Standard output is the result: what a spec prints while it loads is not.
globalThis.console = new Console(process.stderr, process.stderr);

function find(name: string): Promise<Command> {
  const names = commands.map((c) => c.name);
  const fix = nearest(name, names) ? didYouMean(name, names) : "see mmrace --help";
  return (commands.find((c) => c.name === name) ?? fail(`unknown command ${name}`, fix)).load();
}

async function help(): Promise<string> {
  return generalHelp(await Promise.all(commands.map((c) => c.load())));
}

async function run(words: string[]): Promise<number> {
  const [first, ...rest] = words;
  switch (first) {
    case undefined:
      process.stderr.write(await help());
      return EXIT.usage;
    case "--help":
    case "-h":
    case "help":
      process.stdout.write(rest[0] ? commandHelp(await find(rest[0])) : await help());
      return EXIT.ok;
    case "--version":
    case "-V":
      process.stdout.write(`${version()}\n`);
      return EXIT.ok;
  }
  if (first.startsWith("-")) {
    fail(`unknown option ${first}`, "options follow a command, like: mmrace check --json");
  }
  const command = await find(first);
  const input = parseInput(command, rest);
  if (!input.flags.has("help")) return command.run(input);
  process.stdout.write(commandHelp(command));
  return EXIT.ok;
}

function report(error: unknown): number {
  const flags = new Set(process.argv.includes("--no-color") ? ["no-color"] : []);
  const colors = colorsFor(process.stderr, flags);
  if (error instanceof UserError) {
    process.stderr.write(problemsText(error, colors.red));
    return EXIT.usage;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `mmrace: internal error: ${text}\n` +
      `  This is a mistake in mmrace ${version()}, not in your spec. Please report it, ` +
      "with the command and the spec.\n",
  );
  return EXIT.internal;
}

let unwritten = false;

/**
 * `mmrace check | head -1`: nobody reads on, so there is no one to work for. Where a full disk
 * takes no more, files of reports may still be written, and the exit code says what is missing.
 */
function watchOutput(stream: NodeJS.WriteStream, name: string): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") exit(EXIT.brokenPipe);
    if (unwritten) return;
    unwritten = true;
    process.stderr.write(`mmrace: error: cannot write to ${name}: ${reason(error)}\n`);
  });
}

let finished = false;

function exit(code: number): never {
  finished = true;
  process.exit(code);
}

// A spec that calls process.exit() while it loads must not look like a success.
process.on("exit", () => {
  if (finished) return;
  process.stderr.write("mmrace: error: the spec ended the process\n");
  process.exitCode = EXIT.usage;
});
watchOutput(process.stdout, "standard output");
watchOutput(process.stderr, "standard error");

/** Resolves when all that was written has left this process. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}

const code = await run(process.argv.slice(2)).catch(report);
await flushed(process.stdout);
await flushed(process.stderr);
exit(unwritten ? EXIT.usage : code);
