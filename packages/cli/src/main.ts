#!/usr/bin/env node
const OLDEST_NODE = 24;

const [major = 0] = process.versions.node.split(".").map(Number);
if (major < OLDEST_NODE) {
  console.error(
    `rookery: this is Node ${process.versions.node}; Rookery needs Node ${OLDEST_NODE} or newer`,
  );
  process.exitCode = 1;
} else {
  // a reader that went away, as of a pipe to `head`, is no reason to fail
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const { run } = await import("./index.ts");
  process.exit(await run(process.argv.slice(2), process));
}
