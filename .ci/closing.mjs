// Reads the events of "go test -json". Without options it prints, as they
// come, the closing line of every package and the output of tests that
// failed; with --total one line that counts all tests, and it fails when one
// did, when a package did without a test, or when there was none at all.
import { createInterface } from "node:readline";

const total = process.argv.includes("--total");
const output = new Map(); // of each test until it ends; of each package under its own name
const failedTests = new Set(); // packages in which a test failed
const count = { pass: 0, fail: 0, skip: 0 };
let packagesFailed = 0;

// Go counts a test with subtests beside its subtests, and so do we.
for await (const line of createInterface({ input: process.stdin })) {
  let event;
  try {
    event = JSON.parse(line);
  } catch {
    if (!total) console.log(line); // not from the test runner: the compiler, a wrapper
    continue;
  }
  const key = `${event.Package} ${event.Test ?? ""}`;
  switch (event.Action) {
    case "output":
      if (event.Test) output.set(key, (output.get(key) ?? "") + event.Output);
      else if (!total && !/^(PASS|=== |coverage:)/.test(event.Output)) process.stdout.write(event.Output);
      break;
    case "build-output":
      if (!total) process.stdout.write(event.Output);
      break;
    case "pass":
    case "fail":
    case "skip":
      if (event.Test) {
        count[event.Action]++;
        if (event.Action === "fail") {
          failedTests.add(event.Package);
          if (!total) process.stdout.write(output.get(key) ?? "");
        }
      } else if (event.Action === "fail" && !failedTests.has(event.Package)) {
        packagesFailed++; // did not build, ran out of time or exited by itself
        if (!total) for (const [k, text] of output) if (k.startsWith(`${event.Package} `)) process.stdout.write(text);
      }
      output.delete(key);
  }
}

if (total) {
  const failed = count.fail + packagesFailed;
  console.log(`${count.pass} passed, ${failed} failed, ${count.skip} skipped`);
  if (failed > 0 || count.pass === 0) process.exitCode = 1;
}
