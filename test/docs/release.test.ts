/** docs/security.md says how a release is published: it is what CI does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";

const read = (file: string) => readFileSync(path.join(import.meta.dirname, "../..", file), "utf8");
const workflow = read(".github/workflows/release.yml");

describe("a release", () => {
  it("is published as the guide shows", () => {
    const [, ...blocks] = read("docs/security.md").split("```yaml\n");
    assert.deepEqual(
      blocks.map((block) => block.split("```\n")[0]),
      [workflow],
    );
  });

  it("begins with a tag, and publishes last, after what must hold", () => {
    assert.match(workflow, /^on:\n {2}push:\n {4}tags: \["v\*"\]\npermissions:/m, "with nothing else");
    const steps = [...workflow.matchAll(/^ {6}- run: (.*)$/gm)].map(([, step]) => step);
    assert.deepEqual(
      steps.filter((step) => !step?.startsWith("test ")),
      [
        ".ci/run",
        "npm ci --no-audit --no-fund",
        "npm audit --omit=dev",
        "npm audit signatures",
        "npm publish --provenance --access public",
      ],
    );
  });

  it("may sign where it is published, and nowhere else", () => {
    const [before = "", ...publish] = workflow.split(/^ {2}publish:$/m);
    assert.doesNotMatch(before, /write/);
    assert.match(publish.join(), /^ {4}needs: check$[\s\S]*^ {6}id-token: write/m);
    assert.doesNotMatch(workflow, /secrets\./, "nor with a token that is kept somewhere");
  });
});
