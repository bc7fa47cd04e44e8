/** No command says anything about flags of V8. */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { flagsFor } from "../../cli/v8.ts";

describe("flags of V8", () => {
  it("are set where V8 has them: Node 20, not 22, 24 and 26", () => {
    expect(flagsFor("11.3.244.8-node.33")).toHaveLength(1);
    expect(flagsFor("12.4.254.21-node.57")).toEqual([]);
    expect(flagsFor("13.6.233.17-node.53")).toEqual([]);
    expect(flagsFor("14.6.202.34-node.34")).toEqual([]);
  });

  it("are known to this Node", () => {
    const known = execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
    const flags = flagsFor(process.versions.v8).map((flag) => flag.replace(/=.*/, ""));
    expect(flags.filter((flag) => !known.includes(`  ${flag} (`))).toEqual([]);
  });
});
