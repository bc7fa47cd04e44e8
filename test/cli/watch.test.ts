/** `check --watch` and `check --changed`. */
import { execFileSync } from "node:child_process";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { check, folderWith, type Started, start } from "./mmrace.ts";
import { race, walkers } from "./specs.ts";

const WATCH = ["check", ".", "--watch", "--no-typecheck", "--no-cache"];
const RECHECK = 'when(k.invalidated.at(me.page), [goto("drop_lock")]),';

/** The spec with its recheck in a file of its own. */
const inParts = {
  "race.spec.ts": race.replace(/^/, 'import { unused } from "./part.ts";\nvoid unused;\n'),
  "part.ts": "export const unused = 1;\n",
  "walkers.spec.ts": walkers,
};

/** Both streams from now on; `says` resolves when the text has come. */
function listen({ child }: Started) {
  let text = "";
  let look = (): void => undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (part) => {
      text += part;
      look();
    });
  }
  child.on("close", () => look());
  return {
    /** Everything up to this, which is then forgotten. */
    until: (end: RegExp): Promise<string> =>
      new Promise((resolve, reject) => {
        look = () => {
          const found = end.exec(text);
          if (!found && child.exitCode === null) return;
          if (!found) return reject(new Error(`ended with ${text}`));
          const until = found.index + found[0].length;
          const before = text.slice(0, until);
          text = text.slice(until);
          resolve(before);
        };
        look();
      }),
  };
}

const IDLE = /watching \d+ specs?, Ctrl-C ends\n/;

describe("--watch", () => {
  it("checks what a save affects, survives a broken spec, and ends with Ctrl-C", async () => {
    const folder = folderWith(inParts);
    /** As editors do: write another file, then put it in the place of the old one. */
    const save = (name: string, text: string): void => {
      writeFileSync(join(folder, `.${name}.swp`), text);
      renameSync(join(folder, `.${name}.swp`), join(folder, name));
    };
    const started = start(folder, WATCH);
    const { until } = listen(started);
    expect(await until(IDLE)).toContain("3 checks: 3 as expected");

    save("part.ts", "export const unused = 2;\n");
    const one = await until(IDLE);
    expect(one).toContain("changed: race.spec.ts\n");
    expect(one).toContain("1 check: 1 as expected");

    save("race.spec.ts", "export default {");
    expect(await until(IDLE)).toContain("race.spec.ts:1:17: error");
    save("race.spec.ts", race.replace(RECHECK, ""));
    expect(await until(IDLE)).toContain("race (ci): no_stale_gpu_pte is violated");

    writeFileSync(join(folder, "more.spec.ts"), walkers.replace('"walkers",\n', '"more",\n'));
    expect(await until(IDLE)).toContain("changed: more.spec.ts\n");
    rmSync(join(folder, "more.spec.ts"));
    save("race.spec.ts", race);
    const last = await until(IDLE);
    expect(last).toContain("changed: race.spec.ts\n");
    expect(last).toContain("1 check: 1 as expected");
    started.child.kill("SIGINT");
    expect((await started.ended).code).toBe(130);
  });

  it("shows the verdict first, then what the type checker says", async () => {
    const untyped = `${race}\nconst wrong: number = "one";\nvoid wrong;\n`;
    const started = start(folderWith({ "race.spec.ts": untyped }), WATCH.slice(0, 3));
    const { until } = listen(started);
    expect(await until(/1 check: 1 as expected/)).not.toContain("TS2322");
    expect(await until(IDLE)).toMatch(/race\.spec\.ts:\d+:7: error .*TS2322/);
    started.child.kill("SIGINT");
    await started.ended;
  });

  it.each([
    [["--changed", "HEAD"], "--watch and --changed exclude each other"],
    [["--json"], "--watch shows results on standard output"],
    [["--checkpoint", "x"], "--watch and --checkpoint exclude each other"],
  ])("refuses %j", (args, says) => {
    const { code, err } = check(folderWith(inParts), ".", "--watch", ...args);
    expect(err).toContain(says);
    expect(code).toBe(2);
  });
});

describe("--changed", () => {
  const repository = () => {
    const folder = folderWith({ ...inParts, "package.json": "{}" });
    const git = (...args: string[]): void => {
      const who = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
      execFileSync("git", [...who, ...args], { cwd: folder, stdio: "pipe" });
    };
    git("init", "-q", "-b", "main");
    git("add", "-A");
    git("commit", "-q", "-m", "The schemes");
    const changed = (...args: string[]) => check(folder, ".", "--changed", "main", ...args);
    return {
      folder,
      git,
      changed,
      write: (name: string, text: string) => writeFileSync(join(folder, name), text),
    };
  };

  it("takes the specs that a change affects, and says when there are none", () => {
    const { folder, git, changed, write } = repository();
    const none = changed();
    expect(none.out).toContain("nothing to check: none of 2 specs changed since main\n");
    expect(none.code).toBe(0);
    expect(JSON.parse(changed("--json").out)).toMatchObject({ planned: 0, results: [] });

    write("part.ts", "export const unused = 2;\n");
    const one = changed();
    expect(one.out).toMatch(/^1 of 2 specs changed since main$/m);
    expect(one.out).toMatch(/^ok +race /m);
    expect(one.out).toMatch(/^1 check: 1 as expected$/m);

    git("checkout", "-q", "part.ts");
    write("race.spec.ts", inParts["race.spec.ts"].replace(RECHECK, ""));
    git("checkout", "-q", "-b", "bug");
    git("commit", "-q", "-a", "-m", "One check less");
    expect(changed().code).toBe(1);
    expect(check(folder, ".", "--changed", "HEAD").out).toContain("none of 2");
  });

  it("takes all before the first commit", () => {
    const folder = folderWith({ "race.spec.ts": race });
    execFileSync("git", ["init", "-q"], { cwd: folder });
    const { code, out } = check(folder, ".", "--changed", "HEAD");
    expect(out).toMatch(/^1 of 1 specs changed since HEAD$/m);
    expect(code).toBe(0);
  });

  it("counts what git does not track, what is gone, and a change of packages", () => {
    const { folder, git, changed, write } = repository();
    const affected = () => /^(?:nothing to check: )?(\w+) of/m.exec(changed().out)?.[1];
    write("more.spec.ts", walkers.replace('"walkers",\n', '"more",\n'));
    expect(affected()).toBe("1");
    rmSync(join(folder, "more.spec.ts"));
    expect(affected()).toBe("none");
    write("expect.json", '{ "format": "mmrace-expect", "version": 1, "specs": {} }');
    expect(affected()).toBe("2");
    rmSync(join(folder, "expect.json"));
    write("package.json", '{ "private": true }');
    expect(affected()).toBe("2");
    git("checkout", "-q", "package.json");
    rmSync(join(folder, "walkers.spec.ts"));
    expect(affected()).toBe("1");
  });

  it("refuses a revision that git does not know, and an unknown configuration", () => {
    const { changed, folder } = repository();
    const unknown = check(folder, ".", "--changed", "mian");
    expect(unknown.err).toContain("mian is no git revision here");
    expect(unknown.code).toBe(2);
    const config = changed("--config", "wdie");
    expect(config.err).toContain("no configuration is called wdie");
    expect(config.code).toBe(2);
  });
});
