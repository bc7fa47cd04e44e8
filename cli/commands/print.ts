import { printModel, stringifyModel } from "../../model/ir/index.ts";
import type { Command } from "../args.ts";
import { EXIT } from "../exit-codes.ts";
import { findSpec } from "../loader/find.ts";
import { selectionOf } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";

export const printCommand: Command = {
  name: "print",
  summary: "print the model that a spec builds, as C-like text",
  usage: "SPEC [--config NAME] [--variant NAME] [--ir]",
  details: "",
  options: {
    config: { value: "NAME", help: "configuration (default: the first)" },
    variant: { value: "NAME", help: "a mutant or variant instead of the scheme itself" },
    ir: { help: "print the intermediate representation as JSON (docs/ir.md)" },
  },
  args: { min: 1, max: 1 },
  async run({ args, flags, values }) {
    const path = findSpec(args[0] as string);
    const { tasks } = await prepare([path], selectionOf(values), { typecheck: false });
    const { model } = tasks[0] as Task;
    process.stdout.write(flags.has("ir") ? stringifyModel(model) : printModel(model));
    return EXIT.ok;
  },
};
