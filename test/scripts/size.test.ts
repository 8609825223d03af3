import assert from "node:assert/strict";
import { test } from "node:test";
import { doubled, exceeded, graphs, lowered, misplaced, scattered } from "../../scripts/size.ts";

const chunk = (
  fileName: string,
  modules: string[],
  { imports = [] as string[], dynamicImports = [] as string[] } = {},
) => ({
  fileName,
  moduleIds: modules.map((name) => `/repo/${name}`),
  facadeModuleId: `/repo/${modules.at(-1)}`,
  imports,
  dynamicImports,
});

const bundle = [
  chunk("embed.js", ["src/components/cancel-button.ts", "src/embed.ts"], {
    imports: ["shared.js"],
    dynamicImports: ["modal.js", "hub.js"],
  }),
  chunk("shared.js", ["src/define.ts"]),
  chunk("modal.js", ["src/flow/machine.ts", "src/components/retention-modal.ts"], {
    imports: ["embed.js", "lit.js"],
    dynamicImports: ["en.js", "de.js"],
  }),
  chunk("lit.js", ["node_modules/lit-html/lit-html.js"]),
  chunk("en.js", ["src/i18n/en.ts"]),
  chunk("de.js", ["src/i18n/de.ts"]),
  chunk("hub.js", ["src/components/subscription-hub.ts"], {
    imports: ["lit.js", "charts.js"],
    dynamicImports: ["manage.js"],
  }),
  chunk("manage.js", ["src/components/hub/manage.ts"], { imports: ["hub.js", "lit.js"] }),
  chunk("charts.js", ["src/components/hub/charts.ts"]),
];

const names = (chunks: { fileName: string }[]) => chunks.map(({ fileName }) => fileName);

test("eager is the static graph; a flow adds what it loads, not the hub and not the other languages", () => {
  const { eager, flow, hub, manage } = graphs(bundle);
  assert.deepEqual(names(eager), ["embed.js", "shared.js"]);
  assert.deepEqual(names(flow).sort(), ["embed.js", "en.js", "lit.js", "modal.js", "shared.js"]);
  assert.deepEqual(names(hub).sort(), ["charts.js", "embed.js", "hub.js", "lit.js", "shared.js"]);
  assert.deepEqual(names(manage), ["manage.js"], "beyond what the hub has loaded");
  assert.deepEqual(misplaced({ eager, flow }), []);
});

test("a flow asks for the entry and one file more", () => {
  const flow = [chunk("embed.js", ["src/embed.ts"]), chunk("modal.js", ["src/flow/machine.ts"])];
  assert.deepEqual(scattered(flow), []);
  assert.deepEqual(scattered([...flow, chunk("parts.js", ["src/components/frame.ts"])]), [
    "a flow asks for more than 2 files: embed.js, modal.js, parts.js",
  ]);
});

test("what must wait for the click, must never arrive, or is missing is named", () => {
  const eager = [
    chunk("embed.js", ["node_modules/@lit/reactive-element/css-tag.js", "src/api/client.ts", "src/embed.ts"]),
  ];
  const flow = [
    ...eager,
    chunk("modal.js", ["node_modules/zod/v4/core.js", "src/components/retention-modal.ts"]),
  ];
  assert.deepEqual(misplaced({ eager, flow }), [
    "loaded before the click: /repo/node_modules/@lit/reactive-element/css-tag.js",
    "loaded before the click: /repo/src/api/client.ts",
    "must never reach a browser: /repo/node_modules/zod/v4/core.js",
    "not in the bundle: /src/components/cancel-button.ts",
  ]);
});

const budget = { eager: 2000, flow: 13000, hub: 15000, manage: 6000, sdk: 5000, umd: 5100, react: 5200 };

test("a byte above the record fails, the record itself does not", () => {
  assert.deepEqual(exceeded(budget, budget), []);
  assert.deepEqual(exceeded({ ...budget, eager: 2001, flow: 12000 }, budget), [
    "eager: 2001 bytes, 1 more than the record",
  ]);
  for (const name of ["flow", "hub", "manage", "sdk", "umd", "react"] as const)
    assert.match(exceeded({ ...budget, [name]: 20000 }, budget).join(), new RegExp(`^${name}: 20000 bytes`));
});

test("recording lowers a figure and never raises one", () => {
  assert.deepEqual(lowered({ ...budget, eager: 1900, flow: 14000, umd: 4000 }, budget), {
    ...budget,
    eager: 1900,
    umd: 4000,
  });
});

test("names what a page with two elements would load twice", () => {
  const modal = { fileName: "modal.js", moduleIds: ["/lit.js", "/modal.ts"] };
  assert.deepEqual(doubled([modal, { fileName: "hub.js", moduleIds: ["/hub.ts"] }]), []);
  assert.deepEqual(doubled([modal, { fileName: "hub.js", moduleIds: ["/hub.ts", "/lit.js"] }]), [
    "in modal.js and hub.js: /lit.js",
  ]);
});
