/** `sources.json`, beside the files that cite: what each cited piece of code was. */
import { existsSync } from "node:fs";
import { UserError } from "../errors.ts";
import { readText } from "../files.ts";
import type { Pin } from "./pin.ts";

export const SOURCES_FILE = "sources.json";
const FORMAT = "mmrace-sources";
const VERSION = 1;

export interface Sources {
  /** `7.3.4` */
  kernel: string;
  pins: Pin[];
}

/** Undefined when there is none. Throws UserError for one that cannot be understood. */
export function readSources(file: string): Sources | undefined {
  if (!existsSync(file)) return undefined;
  const fix = "restore it, or write it anew: mmrace sources --update";
  let json: Partial<Sources & { format: string; version: number }>;
  try {
    json = JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError({ file, message: "not JSON", fix });
  }
  const { format, version, kernel, pins } = json ?? {};
  const isGood = format === FORMAT && version === VERSION && typeof kernel === "string";
  if (!isGood || !Array.isArray(pins) || !pins.every(isPin)) {
    throw new UserError({ file, message: `not a ${FORMAT} file of version ${VERSION}`, fix });
  }
  return { kernel, pins };
}

function isPin(pin: Partial<Pin> | null): boolean {
  const texts = [pin?.file, pin?.hash, pin?.lines];
  return texts.every((t) => typeof t === "string") && /^([0-9a-f]{4})*$/.test(pin?.lines ?? "-");
}

export function stringifySources({ kernel, pins }: Sources): string {
  const rows = pins.map((pin) => `    ${JSON.stringify(pin)}`).join(",\n");
  const head = `  "format": "${FORMAT}",\n  "version": ${VERSION},\n  "kernel": "${kernel}",`;
  return `{\n${head}\n  "pins": [\n${rows}\n  ]\n}\n`;
}
