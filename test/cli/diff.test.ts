/** `mmrace diff`: what a change of a spec means, against a git revision and between two files. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith, run } from "./mmrace.ts";
import { mistakesIn } from "./schemas.ts";
import { deadlock, lineOf, race } from "./specs.ts";

/** Checks again under the lock, and then does nothing with the answer. */
const ignored = race.replace(
  'when(k.invalidated.at(me.page), [goto("drop_lock")]),',
  "when(k.invalidated.at(me.page), []),",
);

function repository(files: Record<string, string>): string {
  const folder = folderWith(files);
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, stdio: "ignore" });
  git("init", "-q");
  git("add", "-A");
  git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "base");
  return folder;
}

describe("mmrace diff against a revision", () => {
  it("shows the new violation, its trace, and what changed, and fails if that is forbidden", () => {
    const at = repository({ "specs/race.spec.ts": race });
    writeFileSync(join(at, "specs/race.spec.ts"), ignored);
    const { code, out } = run(at, ["diff", "HEAD", "--forbid", "new-violation"]);
    expect(out).toContain("new-violation: is violated now  forbidden");
    expect(out).toMatch(/specs\/race\.spec\.ts:\d+: no_stale_gpu_pte: forall page/);
    expect(out).toContain("*** no_stale_gpu_pte violated at step 11 ***");
    expect(out).toMatch(/step-changed.*\n +specs\/race\.spec\.ts:\d+: gpu_fault\.recheck:/);
    expect(out).toContain("gpu_fault.map, munmap.free");
    expect(code).toBe(1);
    expect(run(at, ["diff", "HEAD", "--forbid", "property-removed"]).code).toBe(0);
    expect(readFileSync(join(at, "specs/race.spec.ts"), "utf8")).toBe(ignored);
  });

  it("says that nothing differs, also where only the words do", () => {
    const at = repository({ "specs/race.spec.ts": race });
    const words = race.replace("the GPU faults on some page", "a fault");
    writeFileSync(join(at, "specs/race.spec.ts"), words);
    const { code, out } = run(at, ["diff", "HEAD", "--forbid", "step-changed,new-violation"]);
    expect({ code, out }).toEqual({
      code: 0,
      out: "HEAD -> the files as they are\nno difference\n",
    });
  });

  it("names specs that came and went", () => {
    const at = repository({ "specs/race.spec.ts": race });
    writeFileSync(join(at, "specs/more.spec.ts"), deadlock);
    const report = JSON.parse(run(at, ["diff", "HEAD", "--format", "json"]).out);
    expect(mistakesIn("diff.schema.json", report)).toEqual([]);
    expect(mistakesIn("diff.schema.json", { ...report, version: 2 })).not.toEqual([]);
    expect(report).toMatchObject({
      format: "mmrace-diff",
      version: 1,
      schemes: [{ spec: "deadlock", changes: [{ kind: "spec-added", forbidden: false }] }],
    });
  });

  it("refuses what is no revision, and an unknown kind of change", () => {
    const at = repository({ "specs/race.spec.ts": race });
    const unknown = run(at, ["diff", "HAED"]);
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain("HAED is neither a file nor a git revision here");
    const kind = run(at, ["diff", "HEAD", "--forbid", "new-violations"]);
    expect(kind.code).toBe(2);
    expect(kind.err).toContain("did you mean new-violation");
  });
});

describe("mmrace diff between two files", () => {
  const files = { "a.spec.ts": ignored, "b.spec.ts": race };

  it("knows a repair", () => {
    const args = ["diff", "a.spec.ts", "b.spec.ts", "--format", "json"];
    const { code, out } = run(folderWith(files), args);
    const report = JSON.parse(out);
    expect(mistakesIn("diff.schema.json", report)).toEqual([]);
    const [{ changes }] = report.schemes;
    const repaired = changes.filter((c: { kind: string }) => /violation|repair/.test(c.kind));
    expect(repaired).toMatchObject([{ kind: "repaired", subject: "no_stale_gpu_pte" }]);
    expect(repaired[0].steps).toHaveLength(11);
    expect(code).toBe(0);
  });

  it("shows what a step does no more, and where, also when nothing else differs", () => {
    const lost = race.replace('free: ["put_page()", set(k.page.at(me.page), "freed")]', (step) =>
      step.replace(/, set.*/, "]"),
    );
    const at = folderWith({ "a.spec.ts": race, "b.spec.ts": lost });
    const line = lineOf(lost, 'actor("munmap"');
    const { out } = run(at, ["diff", "a.spec.ts", "b.spec.ts", "--format", "json"]);
    const report = JSON.parse(out);
    expect(mistakesIn("diff.schema.json", report)).toEqual([]);
    expect(report.schemes[0].changes[0]).toMatchObject({
      kind: "step-changed",
      subject: "munmap.free",
      src: { file: "b.spec.ts", line },
      before: ["page[page] = freed;"],
      after: [],
    });
    expect(run(at, ["diff", "a.spec.ts", "b.spec.ts"]).out).toContain(
      `b.spec.ts:${line}: munmap.free: put_page()\n      - page[page] = freed;\n      + (nothing)`,
    );
  });

  it("writes Markdown for a pull request", () => {
    const args = ["diff", "b.spec.ts", "a.spec.ts", "--format", "markdown"];
    const { out } = run(folderWith(files), args);
    expect(out).toMatch(/^### mmrace: `b\.spec\.ts` → `a\.spec\.ts`/);
    expect(out).toContain("- `no_stale_gpu_pte`: ");
    expect(out.match(/<details>/g)?.length).toBe(out.match(/<\/details>/g)?.length);
  });

  it("tells of a property that is gone, of other sizes, and of an order of locks", () => {
    const taken =
      '  take_lock: ["mutex_lock(&driver->lock)", mutex_lock(k.driver_lock)],\n  recheck';
    const nested = race.replace(taken, (text) => {
      const [take, recheck] = text.split("\n") as [string, string];
      return [
        '  take_other: ["mutex_lock(&other)", mutex_lock(k.other)],',
        take,
        '  drop_other: ["mutex_unlock(&other)", mutex_unlock(k.other)],',
        recheck,
      ].join("\n");
    });
    const head = nested
      .replace("driver_lock: mutex(),", "driver_lock: mutex(),\n  other: mutex(),")
      .replace("ci: { pages: 1 }", "ci: { pages: 2 }")
      .replace(/ {2}reachable: \{[\s\S]*?\n {2}\},\n/, "");
    const at = folderWith({ "a.spec.ts": race, "b.spec.ts": head });
    const forbid = "new-lock-edge,property-removed,size-changed";
    const { code, out } = run(at, ["diff", "a.spec.ts", "b.spec.ts", "--forbid", forbid]);
    expect(out).toMatch(/new-lock-edge.*\n +other -> driver_lock: gpu_fault: mutex_lock/);
    expect(out).toMatch(/property-removed.*\n +gpu_maps_a_page/);
    expect(out).toMatch(/size-changed.*\n +pages: 1 -> 2/);
    expect(code).toBe(1);
  });
});
