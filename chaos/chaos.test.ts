/** The short form as tests: each seed by itself, the homes side by side. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { closeBrowser, inBrowser } from "./browser.ts";
import { hasDatabase } from "./database.ts";
import type { Home } from "./home.ts";
import { openHome } from "./homes.ts";
import { secretsIn } from "./invariants.ts";
import { type HomeName, type Plan, planOf } from "./plan.ts";
import { play } from "./scenario.ts";
import { certainIn, finds, type Happening, missingFrom, planned, shortPlans } from "./short.ts";

const plans = shortPlans();
const happenings: Happening[] = [];

describe("Chaos: what is played", () => {
  it("is the same for the same seed", () => {
    for (const seed of [0, 7, 42, 999]) assert.deepEqual(planOf(seed), planOf(seed));
    assert.notDeepEqual(planOf(1), planOf(2));
  });

  it("has every kind of fault, and every home", () => {
    if (hasDatabase()) assert.deepEqual(missingFrom(plans.map(planned)), []);
  });

  it("has all that has found a defect, unless it is slow; the docs name each with the test that holds it", () => {
    const text = readFileSync(new URL("../docs/faults.md", import.meta.url), "utf8");
    for (const { seed, found, test, slow } of finds) {
      const row = `| ${seed}${slow ? " (slow)" : ""} | ${found} | \`${test}\` |`;
      assert.ok(text.includes(row), row);
      assert.ok(existsSync(new URL(`../${test}`, import.meta.url)), test);
      if (hasDatabase())
        assert.equal(
          plans.some((plan) => plan.seed === seed),
          !slow,
        );
    }
  });

  it("finds a secret in a log", () => {
    const token = `ret_${"a".repeat(80)}`;
    assert.equal(secretsIn(`{"msg":"${token}"}`, []).length, 1);
    assert.equal(secretsIn("it is hidden-0123456789", ["hidden-0123456789"]).length, 1);
    assert.deepEqual(secretsIn('{"msg":"all is well","session":"ses_1234567890123456789012"}', []), []);
  });
});

/** What keeps the time is not told to go back: a scenario with a clock of its own has a home of its own. */
const homeOf = ({ home, kind, seed }: Plan) => (kind === "clock" ? `${home}, clock ${seed}` : home);

describe("Chaos", { concurrency: 3 }, () => {
  after(closeBrowser);
  for (const [name, all] of Map.groupBy(plans, homeOf)) {
    // Inherited otherwise: at one home one after the other.
    describe(name, { concurrency: 1 }, () => {
      let home: Home | undefined;
      after(() => home?.close());
      for (const plan of all) {
        const where = plan.browser ? ", in a browser" : "";
        it(`seed ${plan.seed}: ${plan.kind}${where}`, async (context) => {
          if (home?.isBroken) {
            await home.close();
            home = undefined;
          }
          home ??= await openHome(plan.home as HomeName);
          const { violations, diary, happened } = await (plan.browser
            ? inBrowser(home, plan)
            : play(home, plan));
          if (violations.length) context.diagnostic(`${JSON.stringify(plan)}\n${diary.join("\n")}`);
          assert.deepEqual(violations, [], `npm run chaos -- --seed ${plan.seed}`);
          happenings.push({ plan, happened });
          const certain = certainIn(plan);
          if (certain !== undefined) assert.ok(happened.includes(certain), `${certain} has not happened`);
        });
      }
    });
  }
});

describe("Chaos: what has happened", () => {
  it("is every kind of fault, at every home, in scenarios of every kind", () => {
    if (hasDatabase()) assert.deepEqual(missingFrom(happenings), []);
  });
});
