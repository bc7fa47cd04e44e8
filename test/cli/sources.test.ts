/** `mmrace sources`: cited kernel code against a small tree that changes. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blanked, definitionOf } from "../../cli/sources/c-source.ts";
import { citationsIn } from "../../cli/sources/cite.ts";
import { folderWith, run } from "./mmrace.ts";

const spec = `/**
 * A race.
 *
 * Claim    Nothing in mm/ever.c is cited here.
 * Source   mm/hmm.c: hmm_range_fault, hmm_vma_fault(); memory.c: do_swap_page;
 *          Documentation/mm/hmm.rst, "Usage"; include/linux/mm.h: struct vm_fault;
 *          mm/old.c: long_gone (before 6.1); commit "mm/hmm.c: fix a race"; mm/swap.c, there.
 * Omits    mm/never.c.
 */
export default {};
`;

const hmm = `#include <linux/hmm.h>
/* hmm_range_fault() { is not here } */
static int hmm_vma_fault(unsigned long addr);

static int hmm_vma_fault(unsigned long addr)
{
	return handle_mm_fault(addr) ? -EFAULT : -EBUSY; /* why */
}

int
hmm_range_fault(struct hmm_range *range)
	__must_hold(&mm->mmap_lock)
{
	if (hmm_vma_fault(range->start))
		return -EBUSY;
	pr_debug("{ no brace /* no comment */");
	return 0;
}
`;

const files = {
  "specs/a/spec.ts": spec,
  "linux/Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 3\n",
  "linux/mm/hmm.c": hmm,
  "linux/mm/memory.c": "vm_fault_t do_swap_page(struct vm_fault *vmf)\n{\n\treturn 0;\n}\n",
  "linux/include/linux/mm.h": "struct vm_fault {\n\tint flags;\n};\n",
  "linux/Documentation/mm/hmm.rst": "Usage\n=====\n",
  "linux/mm/swap.c": "int x;\n",
};

const args = ["sources", "--kernel", "linux"];

function pinned(): string {
  const folder = folderWith(files);
  expect(run(folder, [...args, "--update"])).toMatchObject({ code: 0, err: "" });
  return folder;
}

function edit(folder: string, file: string, change: (text: string) => string): void {
  writeFileSync(join(folder, "linux", file), change(files[`linux/${file}` as keyof typeof files]));
}

describe("what a comment cites", () => {
  it("is what stands behind Source", () => {
    const cited = citationsIn(spec).map(({ file, name, line }) => `${line} ${file} ${name ?? "-"}`);
    expect(cited).toEqual([
      "5 mm/hmm.c hmm_range_fault",
      "5 mm/hmm.c hmm_vma_fault",
      "5 mm/memory.c do_swap_page",
      "6 Documentation/mm/hmm.rst -",
      "6 include/linux/mm.h vm_fault",
      "7 mm/old.c long_gone",
      "7 mm/swap.c -",
    ]);
  });
});

describe("a definition in C", () => {
  it("is the body, not the prototype, a call or a comment", () => {
    expect(definitionOf(hmm, "hmm_vma_fault")).toEqual([
      "static int hmm_vma_fault(unsigned long addr)",
      "{",
      "return handle_mm_fault(addr) ? -EFAULT : -EBUSY;",
      "}",
    ]);
    expect(definitionOf(hmm, "hmm_range_fault")?.[0]).toBe("int");
    expect(definitionOf(hmm, "hmm_range_fault")).toHaveLength(9);
    expect(definitionOf(hmm, "handle_mm_fault")).toBeUndefined();
  });

  it("may be a macro of several lines, or a system call", () => {
    const text = "#define swap(a, b) \\\n\tdo_swap(a, b)\nSYSCALL_DEFINE1(brk, int, brk)\n{\n}\n";
    expect(definitionOf(text, "swap")).toEqual(["#define swap(a, b) \\", "do_swap(a, b)"]);
    expect(definitionOf(text, "brk")).toHaveLength(3);
  });

  it("keeps its lines when comments and strings are blanked", () => {
    expect(blanked(hmm)).toHaveLength(hmm.length);
    expect(blanked(hmm).split("\n")).toHaveLength(hmm.split("\n").length);
  });
});

describe("mmrace sources", () => {
  it("finds nothing new in the tree that was pinned, comments and layout aside", () => {
    const folder = pinned();
    edit(folder, "mm/hmm.c", (text) => text.replace("/* why */", "/* because */\n\n"));
    const { code, out } = run(folder, args);
    expect(out).toBe("kernel 6.12.3 -> 6.12.3: 7 citations, 7 unchanged\n");
    expect(code).toBe(0);
  });

  it("measures a change, and names what moved and what is gone", () => {
    const folder = pinned();
    edit(folder, "Makefile", (text) => text.replace("12", "13"));
    edit(folder, "mm/hmm.c", (text) =>
      text
        .replace("return 0;", "cond_resched();\n\treturn 1;")
        .replaceAll("static int hmm_vma_fault(", "static int hmm_fault("),
    );
    edit(folder, "include/linux/mm.h", () => "struct vm_area { };\n");
    renameSync(join(folder, "linux/mm/memory.c"), join(folder, "linux/mm/fault.c"));
    const { code, out } = run(folder, args);
    expect(out.split("\n")).toEqual([
      "specs/a/spec.ts:5: mm/hmm.c: hmm_range_fault: changed since: 2 lines added, 1 removed",
      "specs/a/spec.ts:5: mm/hmm.c: hmm_vma_fault: gone",
      "specs/a/spec.ts:5: mm/memory.c: do_swap_page: moved to mm/fault.c: no line of it",
      "specs/a/spec.ts:6: include/linux/mm.h: vm_fault: gone",
      "kernel 6.12.3 -> 6.13.3: 7 citations, 3 unchanged",
      "",
    ]);
    expect(code).toBe(1);
    run(folder, [...args, "--update"]);
    expect(run(folder, args).code).toBe(0);
  });

  it("tells what was never pinned, and what the tree does not have", () => {
    const folder = folderWith(files);
    const before = run(folder, args);
    expect(before.out).toContain("mm/hmm.c: hmm_range_fault: not pinned yet");
    expect(before.code).toBe(1);
    const update = run(folder, [...args, "--update"]);
    expect(update.out).toContain("specs/a/spec.ts:7: mm/old.c: long_gone: not in this tree");
    expect(run(folder, args).code).toBe(0);
  });

  it("refuses what is no kernel tree, and a damaged file", () => {
    const folder = pinned();
    const wrong = run(folder, ["sources", "--kernel", "specs"]);
    expect(wrong).toMatchObject({ code: 2, out: "" });
    expect(wrong.err).toContain("not a kernel tree");
    writeFileSync(join(folder, "specs/a/sources.json"), "{");
    const damaged = run(folder, args);
    expect(damaged.code).toBe(2);
    expect(damaged.err).toContain("sources.json: error: not JSON");
  });
});
