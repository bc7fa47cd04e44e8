import { printModel, stringifyModel } from "../../model/ir/index.ts";
import type { Command } from "../args.ts";
import { fail } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { findSpec } from "../loader/find.ts";
import { loadSpec } from "../loader/load.ts";
import { pickJob } from "../plan.ts";

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
    const spec = await loadSpec(findSpec(args[0] ?? fail("no spec")));
    const { config, variant } = pickJob(spec, values.get("config"), values.get("variant"));
    const model = spec.build(config, variant);
    process.stdout.write(flags.has("ir") ? stringifyModel(model) : printModel(model));
    return EXIT.ok;
  },
};
