import { readdirSync, readFileSync } from "node:fs";

/** Linux counts in hundredths of a second here, whatever the kernel's own clock. */
const MICROSECONDS_PER_TICK = 10_000;

/** Microseconds of CPU that a process with all its threads and descendants has used (proc(5)). */
export function cpuMicroseconds(pid: number): number {
  const own = ticks(`/proc/${pid}/stat`) * MICROSECONDS_PER_TICK;
  return descendants(pid).reduce((sum, child) => sum + cpuMicroseconds(child), own);
}

function ticks(file: string): number {
  const stat = readFileSync(file, "latin1");
  // the name of the program, in parentheses, may contain anything; utime is the 14th field
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function descendants(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1")
      .split(" ")
      .filter((text) => text.trim() !== "")
      .map(Number),
  );
}
