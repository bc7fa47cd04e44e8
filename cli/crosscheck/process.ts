/** One program run to its end or to the limit, with everything it printed. */
import { spawn } from "node:child_process";

export interface Ran {
  /** Standard output and standard error, as they came. */
  output: string;
  /** Null when a signal ended it, or it could not be started. */
  code: number | null;
  signal: NodeJS.Signals | null;
  timedOut: boolean;
}

/** More output than this is dropped from the middle on: counterexamples can be long. */
const MAX_OUTPUT = 4_000_000;

export interface Bounds {
  cwd: string;
  /** Of wall-clock time. */
  seconds: number;
  /** Of processor time. */
  processorSeconds?: number | undefined;
  /** Of address space; beyond it the program gets no memory. */
  megabytes?: number | undefined;
}

/** A program that can't be started has said why. */
export function run(command: string, args: string[], options: Bounds): Promise<Ran> {
  return new Promise((resolve) => {
    const [file, ...rest] = bounded([command, ...args], options);
    const child = spawn(file as string, rest, {
      cwd: options.cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let timedOut = false;
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.length > 2 * MAX_OUTPUT) {
        output = output.slice(0, MAX_OUTPUT / 2) + output.slice(-MAX_OUTPUT / 2);
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, options.seconds * 1000);
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ output: error.message, code: null, signal: null, timedOut: false });
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ output, code, signal, timedOut: timedOut || signal === "SIGXCPU" });
    });
  });
}

/** A shell sets the limits that only a process itself can set, and becomes the program. */
function bounded(command: string[], { processorSeconds, megabytes }: Bounds): string[] {
  const limits = [
    ...(processorSeconds === undefined ? [] : [`ulimit -S -t ${Math.ceil(processorSeconds)}`]),
    ...(megabytes === undefined ? [] : [`ulimit -v ${megabytes * 1024}`]),
  ];
  if (limits.length === 0) return command;
  return ["/bin/sh", "-c", `${limits.join("; ")}; exec "$0" "$@"`, ...command];
}
