#!/usr/bin/env node
// Plain JavaScript, so that an older Node can still say what is missing.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  process.stderr.write(
    `Renumerate's server needs Node 24 or newer; this is ${process.versions.node}.\n` +
      "Inside the repository `npm start` and `npx renumerate` bring their own.\n",
  );
  process.exit(1);
}
const { run } = await import("../src/cli.ts");
const code = await run(process.argv.slice(2));
if (code) process.exit(code);
