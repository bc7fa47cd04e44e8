import { basename, dirname, extname, join } from "node:path";
import { type Exported, exportModel, TARGETS, type Target } from "../../model/export/index.ts";
import { resetDeadLocals } from "../../model/ir/index.ts";
import { type Command, choiceOf, type Input } from "../args.ts";
import { fail, type Problem, UserError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { exportHeader, exportName } from "../export-text.ts";
import { writeText } from "../files.ts";
import { findSpec } from "../loader/find.ts";
import { selectionOf } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";

export const exportCommand: Command = {
  name: "export",
  summary: "write the model for another checker: SPIN, TLC, Rumur, LTSmin",
  usage: "SPEC --to TARGET [--config NAME] [--variant NAME] [-o FILE]",
  details: [
    "The exported model has the states that `mmrace check` counts. What TARGET cannot say is",
    "refused with its place, never left out. How to run the result stands at its top. A target",
    "that needs a second file (TLA+: .cfg) puts it beside FILE.",
  ].join("\n"),
  options: {
    to: { value: "TARGET", help: `one of ${TARGETS.join(", ")}` },
    config: { value: "NAME", help: "configuration (default: the first)" },
    variant: { value: "NAME", help: "a mutant or variant instead of the scheme itself" },
    output: { short: "o", value: "FILE", help: "where to write (default: standard output)" },
    symmetry: { help: "let the other tool reduce by symmetry: fewer states than here" },
    "safety-only": { help: "leave out claims about infinite runs; the text's head says so" },
    "no-dead-reset": { help: "keep locals that are not read again" },
  },
  args: { min: 1, max: 1 },
  run: exportSpec,
};

async function exportSpec(input: Input): Promise<number> {
  const { args, flags, values } = input;
  const target = choiceOf(input, "to", TARGETS) ?? fail("--to is missing", TARGETS.join(", "));
  const output = values.get("output");
  const selection = selectionOf(values);
  const { tasks } = await prepare([findSpec(args[0] as string)], selection, { typecheck: false });
  const task = tasks[0] as Task;
  const model = flags.has("no-dead-reset") ? task.model : resetDeadLocals(task.model);
  const exported = exportModel(model, target, {
    name: output === undefined ? exportName(task) : moduleName(output),
    header: exportHeader(task),
    symmetry: flags.has("symmetry"),
    safetyOnly: flags.has("safety-only"),
  });
  const [first, ...rest] = exported.refusals.map((r) => refusal(r, target, task.spec.file));
  if (first) throw new UserError(first, ...rest);
  write(exported, target, output);
  return EXIT.ok;
}

function write({ files }: Exported, target: Target, output: string | undefined): void {
  const [first, second] = files;
  if (output !== undefined) {
    const place = (name: string) => (name === first?.name ? output : join(dirname(output), name));
    for (const { name, text } of files) writeText(place(name), text);
  } else if (second) {
    fail(`--to ${target} makes ${files.length} files`, `say where: -o ${first?.name}`);
  } else {
    process.stdout.write(first?.text ?? "");
  }
}

function refusal(
  { feature, place, text }: Exported["refusals"][number],
  target: Target,
  file: string,
) {
  const problem: Problem = { file, message: `${target} cannot say ${feature} (${place}): ${text}` };
  return problem;
}

/** TLA+ wants the module to be called like its file. */
function moduleName(output: string): string {
  const name = basename(output, extname(output));
  if (/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return name;
  return fail(`${output}: not a name for a model`, "use letters, digits and _ only");
}
