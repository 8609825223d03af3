/** What a business may decide about its hub. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HubDefinition } from "../../src/contract/hub-settings.ts";
import { unknownPlans } from "../../src/domain/hub-settings.ts";
import type { HubSwitch } from "../../src/store/store.ts";
import { onEachStore } from "../harness.ts";

const switches: HubSwitch[] = [
  "plan_change",
  "annual_switch",
  "pause",
  "resume",
  "undo_cancellation",
  "promo_code",
  "retry_payment",
  "payment_method",
  "invoices",
  "billing_details",
  "offers",
];
const prices = (count: number) => Array.from({ length: count }, (_, at) => `price_${at}`);

const faults: [string, unknown, string][] = [
  ["no object", [], ""],
  ["an unknown field", { switches: {} }, ""],
  ["a switch for cancelling", { actions: { cancel: false } }, "actions"],
  ["an unknown switch", { actions: { extend_pause: false } }, "actions"],
  ["a switch that is no truth", { actions: { resume: "no" } }, "actions/resume"],
  ["a pause of no length", { pause: { months: [] } }, "pause/months"],
  ["a pause without its lengths", { pause: { maxMonths: 3 } }, "pause/months"],
  ["one length twice", { pause: { months: [1, 1] } }, "pause/months"],
  ["thirteen lengths", { pause: { months: Array.from({ length: 13 }, (_, at) => at + 1) } }, "pause/months"],
  ["0 months", { pause: { months: [0] } }, "pause/months/0"],
  ["37 months", { pause: { months: [1, 37] } }, "pause/months/1"],
  ["a date 0 months ahead", { pause: { months: [1], maxMonths: 0 } }, "pause/maxMonths"],
  ["a date 37 months ahead", { pause: { months: [1], maxMonths: 37 } }, "pause/maxMonths"],
  ["an unknown field of a pause", { pause: { months: [1], days: 3 } }, "pause"],
  ["no plan", { plans: [] }, "plans"],
  ["one plan twice", { plans: ["price_a", "price_a"] }, "plans"],
  ["101 plans", { plans: prices(101) }, "plans"],
  ["a plan without a name", { plans: [""] }, "plans/0"],
];

describe("Settings of a hub", () => {
  for (const [name, settings, path] of faults) {
    it(`with ${name} are refused at ${path || "/"}`, () => {
      const { error } = HubDefinition.safeParse(settings);
      assert.deepEqual(
        error?.issues.map((issue) => issue.path.join("/")),
        [path],
      );
    });
  }

  it("may be empty, name every switch, and hold as much as fits", () => {
    const months = Array.from({ length: 12 }, (_, at) => at + 25);
    for (const settings of [
      {},
      { actions: Object.fromEntries(switches.map((name) => [name, false])) },
      { pause: { months: [], maxMonths: 36 } },
      { pause: { months, maxMonths: 1 }, plans: prices(100) },
    ])
      assert.deepEqual(HubDefinition.parse(settings), settings);
  });
});

onEachStore("Plans of a hub", ({ open }) => {
  it("are known to billing in one environment or the other", async () => {
    // The sandbox of this workspace has no price of its own.
    const world = await open();
    const plans = ["price_pro_monthly", "price_nowhere", "price_basic_annual", "price_never"];
    const issues = await unknownPlans(world.deps, world.scope.workspaceId, { plans });
    assert.deepEqual(issues, [
      { path: "plans/1", message: 'billing has no price "price_nowhere"' },
      { path: "plans/3", message: 'billing has no price "price_never"' },
    ]);
    assert.deepEqual(await unknownPlans(world.deps, world.scope.workspaceId, {}), []);
  });
});
