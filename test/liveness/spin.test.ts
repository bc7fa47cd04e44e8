/**
 * Claims about infinite runs through SPIN: the exported model, the claim as a formula, and weak
 * fairness of processes (`pan -a -f`), which is what the actors of these schemes ask for.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Spec } from "mmrace";
import { expect, it } from "vitest";
import { check } from "../../checker/index.ts";
import { exportPromela } from "../../model/export/promela.ts";
import type { Liveness, LtlClaim, Model } from "../../model/ir/index.ts";
import doSwapPage from "../../specs/do-swap-page/spec.ts";
import epoch from "../../specs/epoch-starvation/spec.ts";
import evictFence from "../../specs/kfd-evict-fence/spec.ts";
import userptr from "../../specs/userptr-fence-reclaim/spec.ts";
import { describeWith } from "../support/oracle.ts";

function asFormula(claim: Liveness): LtlClaim {
  const { name } = claim;
  const atom = (letter: string, expr: Model["assume"][0]) => ({ name: letter, expr });
  switch (claim.kind) {
    case "eventually":
      return { kind: "ltl", name, formula: "<> q", atoms: [atom("q", claim.expr)] };
    case "always_eventually":
      return { kind: "ltl", name, formula: "[] <> q", atoms: [atom("q", claim.expr)] };
    case "leads_to": {
      const atoms = [atom("p", claim.from), atom("q", claim.expr)];
      return { kind: "ltl", name, formula: "[] (p -> <> q)", atoms };
    }
    case "ltl":
      return claim;
  }
}

/** Atoms are exported as events: what the monitor tests for an event is the text of the atom. */
function promelaOf(model: Model, { formula, atoms }: LtlClaim): string {
  for (const { fairness = "weak", finite } of model.actors) {
    expect([fairness, finite ?? false]).toEqual(["weak", false]);
  }
  const bare: Model = { ...model, always: [], atRest: [], reachable: atoms, liveness: [] };
  const { files } = exportPromela(bare, { name: "model", header: [] });
  const text = files[0]?.text ?? "";
  const defines = atoms.map(({ name }, i) => {
    const events = [...text.matchAll(/#ifdef \S+\n {2}:: d_step \{ (.*) -> assert\(false\) \}/g)];
    return `#define ${name} (${events[i]?.[1]})`;
  });
  return `${text}\n${defines.join("\n")}\nltl claim { ${formula} }\n`;
}

/** What SPIN says of the claim. */
function spin(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "mmrace-spin-"));
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { cwd: folder, encoding: "utf8" });
  try {
    writeFileSync(join(folder, "model.pml"), text);
    run("spin", "-o1", "-o2", "-o3", "-a", "model.pml");
    run("gcc", "-O1", "-w", "-DNOREDUCE", "-DNFAIR=3", "-DVECTORSZ=4096", "-o", "pan", "pan.c");
    const out = run("./pan", "-a", "-f", "-n", "-m2000000");
    expect(out).not.toContain("max search depth too small");
    expect(out).toContain("fairness enabled");
    const errors = /errors: (\d+)/.exec(out)?.[1];
    if (errors === "0") return "holds";
    return out.includes("acceptance cycle") ? "violated" : `another error: ${out}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** [scheme, variant, claim, verdict]. */
const CLAIMS: [Spec, string | undefined, string, "holds" | "violated"][] = [
  [doSwapPage, undefined, "every_fault_ends", "holds"],
  [doSwapPage, "reference_first", "every_fault_ends", "violated"],
  [doSwapPage, "trylock_spins", "every_fault_ends", "violated"],
  [doSwapPage, "trylock_spins_preempted", "every_fault_ends", "holds"],
  [epoch, "storm", "every_bind_ends", "violated"],
  [epoch, "storm", "every_fault_ends", "violated"],
  [evictFence, undefined, "restore_ends", "holds"],
  [evictFence, undefined, "eviction_ends", "holds"],
  [userptr, undefined, "reclaim_ends", "holds"],
];

describeWith(["spin", "gcc"], "SPIN", () => {
  const named = CLAIMS.map((c) => [`${c[0].name}.${c[1] ?? "-"} ${c[2]}: ${c[3]}`, c] as const);

  it.each(named)("%s", { timeout: 120_000 }, (_, [spec, variant, name, verdict]) => {
    const config = spec.variants.find((v) => v.name === variant)?.config;
    const built = spec.build({ ...(variant ? { variant } : {}), ...(config ? { config } : {}) });
    const claim = built.liveness?.find((c) => c.name === name);
    if (!claim) throw new Error(`no claim ${name}`);
    const model = { ...built, liveness: [claim] };
    expect(check(model).verdict.kind).toBe(verdict);
    const formula = asFormula(claim);
    expect(check({ ...built, liveness: [formula] }).verdict.kind).toBe(verdict);
    expect(spin(promelaOf(built, formula))).toBe(verdict);
  });
});
