import assert from "node:assert/strict";
import { test } from "node:test";
import { importsOf, violations } from "../../scripts/check-imports.ts";

const planted: [file: string, code: string][] = [
  ["src/index.ts", 'import { createApp } from "../server/src/app.ts";'],
  ["src/index.ts", 'void import("./components/retention-modal.ts");'],
  ["src/sdk/dialog.ts", 'import { RetentionModal } from "../components/retention-modal.ts";'],
  ["src/react/provider.ts", 'import { loadSubscriptionHub } from "../lazy.ts";'],
  ["src/hosted.ts", 'import { defaults } from "./lazy.ts";'],
  ["src/api/client.ts", 'import { z } from "zod/mini";'],
  ["src/api/client.ts", 'export type { Price } from "./contract.ts";'],
  ["src/events.ts", 'import type { Offer } from "./api/wire.ts";'],
  ["src/flow/machine.ts", 'import { check } from "../api/check.ts";'],
  ["src/flow/machine.ts", 'import { type Offer } from "../api/wire.ts";'],
  ["src/flow/offers.ts", 'import { FlowController } from "./flow-controller.ts";'],
  ["src/components/cancel-button.ts", 'import { css } from "lit";'],
  ["server/src/routes/widget.ts", 'import { Client } from "../../../src/api/client.ts";'],
  ["server/src/routes/widget.ts", 'export * from "../store/database.ts";'],
  ["server/src/domain/ledger.ts", 'import type { Simulator } from "../billing/simulator.ts";'],
  ["server/src/domain/ledger.ts", 'import { Database } from "../store/database.ts";'],
  ["server/src/routes/widget.ts", 'import type Stripe from "stripe";'],
  ["server/src/domain/ledger.ts", 'import type { Context } from "hono";'],
  ["server/src/domain/ledger.ts", 'import type { Kysely } from "kysely";'],
  ["server/src/http/auth.ts", 'import { main } from "../main.ts";'],
  ["src/components/cancel-button.ts", 'import { RetentionModal } from "./retention-modal.ts";'],
  ["server/src/domain/ledger.ts", 'type Reply = import("../http/errors.ts").Reply;'],
];

for (const [file, code] of planted) {
  test(`${file} is refused ${code}`, () => {
    assert.equal(violations(file, code).length, 1);
  });
}

const fine: [file: string, code: string][] = [
  ["src/sdk/dialog.ts", 'import type { RetentionModal } from "../components/retention-modal.ts";'],
  ["src/react/provider.ts", 'import { Renumerate } from "../sdk/renumerate.ts";'],
  ["src/hosted.ts", 'import type { ErrorDetail } from "./events.ts";'],
  ["src/lazy.ts", 'export const modal = () => import("./components/retention-modal.ts");'],
  ["src/api/contract.ts", 'import { z } from "zod";'],
  [
    "src/flow/machine.ts",
    'import type { Offer } from "../api/wire.ts"; import { allows } from "./offers.ts";',
  ],
  [
    "src/flow/flow-controller.ts",
    'import { emit } from "../events.ts"; import { Client } from "../api/client.ts";',
  ],
  [
    "src/components/cancel-button.ts",
    'import { emit } from "../events.ts"; import { define } from "../define.ts";',
  ],
  ["server/src/domain/ledger.ts", 'import type { Store } from "../store/store.ts";'],
  ["server/src/domain/ledger.ts", 'import { BillingError } from "../billing/provider.ts";'],
  ["server/src/domain/offers.ts", 'import { discounted } from "../../../src/flow/offers.ts";'],
  ["src/components/cancel-button.ts", 'import type { RetentionModal } from "./retention-modal.ts";'],
  [
    "server/src/main.ts",
    'import { Database } from "./store/database.ts"; import { createApp } from "./app.ts";',
  ],
];

for (const [file, code] of fine) {
  test(`${file} may ${code}`, () => {
    assert.deepEqual(violations(file, code), []);
  });
}

test("every form of import is seen, comments and strings are not", () => {
  const code = `
    // import "./comment.ts"
    const text = 'import "./string.ts"';
    import a, { type A } from "./a.ts"; import type { B } from "./b.ts"; import "./c.ts";
    export { d } from "./d.ts"; export type * from "./e.ts"; export const own = 1;
    void import("./f.ts"); let g: typeof import("./g.ts");`;
  assert.deepEqual(
    importsOf("x.ts", code)
      .map(({ specifier, kind }) => `${specifier} ${kind}`)
      .sort(),
    [
      "./a.ts value",
      "./b.ts type",
      "./c.ts value",
      "./d.ts value",
      "./e.ts type",
      "./f.ts dynamic",
      "./g.ts type",
    ],
  );
});

test("a file that does not parse is an error, not a pass", () => {
  assert.throws(() => violations("src/sdk.ts", "import {"), SyntaxError);
});
