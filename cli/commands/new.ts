import type { Command } from "../args.ts";
import { fail } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { refuseOverwrite, writeText } from "../files.ts";
import { template } from "../template.ts";

export const newCommand: Command = {
  name: "new",
  summary: "write a commented spec to start from",
  usage: "NAME",
  details: "Writes NAME.spec.ts into this folder. NAME is in kebab-case: gpu-fault-vs-munmap.",
  options: {},
  args: { min: 1, max: 1 },
  async run({ args }) {
    const [name] = args as [string];
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
      fail(`"${name}" cannot name a spec`, "use kebab-case: gpu-fault-vs-munmap");
    }
    const file = `${name}.spec.ts`;
    refuseOverwrite(file);
    writeText(file, template(name));
    process.stdout.write(`${file} written; next: mmrace check ${file} --mutants\n`);
    return EXIT.ok;
  },
};
