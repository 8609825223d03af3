/** How much each field takes: as much as that, and not one more. */
import assert from "node:assert/strict";
import { before, it } from "node:test";
import { defaultFlow } from "../../src/domain/default-flow.ts";
import { askLink, settings as linking } from "../domain/cancel-linking.ts";
import { MINUTE, NOW, onEachStore, type World } from "../harness.ts";
import { least, PATH, report, sandboxOf } from "./cancelling.ts";

const x = (length: number) => "x".repeat(length);
const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key ${index}`, index]));
const soon = (ms: number) => new Date(NOW + ms).toISOString();

/** Where, what it takes, what it does not. */
const limits: [path: string, taken: unknown[], refused: unknown[]][] = [
  [
    "eventId",
    ["y", x(255), "😀".repeat(255), "a b/c"],
    ["", x(256), "a\nb", "\0", "\x7f", "\x9f", "\ud800", ".", "..", 7, null],
  ],
  ["userId", ["y", x(255)], ["", x(256), "a\tb", "\0", "\udc00x", 7, null]],
  [
    "reasonKey",
    ["too_expensive", x(64), "a-b_9"],
    ["", x(65), "Too_expensive", "too expensive", "é", "a\n", 7, null],
  ],
  ["outcome", ["churned", "recovered", "abandoned"], ["pending", "saved", "canceled", "", null]],
  ["environment", ["prod", "sandbox"], ["live", "", "PROD", null]],
  ["offer", [{}], [null, [], "discount"]],
  ["offer/type", ["none", "discount", "pause"], ["downgrade", "annual_switch", "", null]],
  ["offer/accepted", [true, false], ["true", 1, null]],
  ["offer/label", ["", x(255), "20 % off 😀"], [x(256), "a\nb", "\0", "\ud83d", 7, null]],
  [
    "reasonText",
    ["", x(5000), "😀".repeat(5000), "two\nlines\tand\ra half"],
    [x(5001), "\0", "\ud800", 7, null],
  ],
  ["context", [{}], [null, [], "pro"]],
  ["context/plan", ["", x(255)], [x(256), "a\nb", "\0", 7, null]],
  [
    "context/mrr",
    [0, 129, 129.99, 999_999_999.99, 1_000_000_000],
    [-0.01, -1, "129", 1_000_000_000.01, 90_000_000_000_000, 1e300, null],
  ],
  ["context/tenureDays", [0, 42, Number.MAX_SAFE_INTEGER], [-1, 1.5, "42", 2 ** 53, null]],
  [
    "occurredAt",
    [
      soon(5 * MINUTE),
      soon(0),
      "2027-05-14T09:40:00Z",
      "2027-05-14T09:40:00.123456Z",
      "2027-05-14T11:40:00+02:00",
      "0000-01-01T00:00:00Z",
    ],
    [
      ...[
        soon(5 * MINUTE + 1),
        "2027-05-14T13:40:00+02:00",
        "2027-05-14",
        "2027-05-14T09:40:00",
        "2027-05-14 09:40:00Z",
      ],
      ...[
        "2027-05-14T09:40:00+0200",
        "2027-05-14T09:40Z",
        "2027-02-30T09:40:00Z",
        "2027-05-14t09:40:00z",
        "2027-05-14T24:00:00Z",
      ],
      ...["0000-01-01T00:00:00+01:00", "yesterday", "", NOW, null],
    ],
  ],
  ["metadata", [{}, keys(50)], [keys(51), [], "flat", 7, null]],
  [
    "metadata/k",
    ["", x(500), "😀".repeat(500), "two\nlines", 0, -1.5, 1e300, true, false, null],
    [x(501), "\0", "\ud800", {}, []],
  ],
];

/** `{offer: {type: …}}` for `offer/type`. */
const nested = (path: string, value: unknown): object =>
  path.split("/").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object;

onEachStore("What a report of a cancellation takes", ({ open }) => {
  const reasons = { [x(64)]: true, [x(65)]: true, "a-b_9": true };
  const settings = { reasons };

  let world: World;
  before(async () => {
    world = await open({ settings });
    await world.publish(defaultFlow, sandboxOf(world));
  });

  for (const [path, taken, refused] of limits) {
    it(`as ${path}`, async () => {
      for (const [index, value] of taken.entries()) {
        const reply = await report(world, { ...least, eventId: `${path} ${index}`, ...nested(path, value) });
        assert.equal(reply.status, 201, `${JSON.stringify(value).slice(0, 50)}: ${reply.text}`);
      }
      for (const [index, value] of refused.entries()) {
        const eventId = `${path} refused ${index}`;
        const reply = await report(world, { ...least, eventId, ...nested(path, value) });
        const about = JSON.stringify(value).slice(0, 50);
        assert.deepEqual([reply.status, reply.code, reply.param], [400, "parameter_invalid", path], about);
        assert.equal(await world.deps.store.ledgerOfEvent(world.scope, eventId), undefined);
      }
    });
  }

  it("as mrr, of a link to a hosted flow too", async () => {
    const links = await open({ settings: linking });
    const ask = (mrr: number) => askLink(links, { context: { mrr } });
    for (const mrr of [0, 999_999_999.99, 1_000_000_000])
      assert.equal((await ask(mrr)).status, 200, `${mrr}`);
    for (const mrr of [-0.01, 1_000_000_000.01, 90_000_000_000_000, 1e300]) {
      const { status, code, param } = await ask(mrr);
      assert.deepEqual([status, code, param], [400, "parameter_invalid", "context/mrr"], `${mrr}`);
    }
  });

  it("as keys of metadata", async () => {
    for (const key of ["y", x(40), "😀".repeat(40), "a b", "toString", "__proto__"]) {
      const metadata = Object.fromEntries([[key, 1]]);
      const reply = await report(world, { ...least, eventId: `key ${key}`, metadata });
      assert.deepEqual([reply.status, reply.body.metadata], [201, metadata], reply.text);
    }
    for (const key of ["", x(41), "a\nb", "\0", "\ud800"]) {
      const { status, code, param } = await report(world, { ...least, metadata: { [key]: 1 } });
      assert.deepEqual([status, code, param], [400, "parameter_invalid", `metadata/${key}`]);
    }
  });

  it("eventId and reasonKey, and nothing else, are needed; all that is wrong is named at once", async () => {
    const { status, body } = await report(world, { offer: { type: "gift" }, context: { mrr: -1 } });
    assert.equal(status, 400);
    const { errors } = body.error as { errors: { param: string; code: string }[] };
    assert.deepEqual(
      errors.map(({ param, code }) => [param, code]),
      [
        ["eventId", "parameter_missing"],
        ["reasonKey", "parameter_missing"],
        ["offer/type", "parameter_invalid"],
        ["context/mrr", "parameter_invalid"],
      ],
    );
    for (const json of [[], "text", 7, null, [least]]) assert.equal((await report(world, json)).status, 400);
  });

  it("64 kB, of application/json in whichever case and with whichever parameters", async () => {
    const post = (body: string, type?: string) =>
      world.request(PATH, {
        key: world.key,
        method: "POST",
        body,
        headers: type ? { "Content-Type": type } : {},
      });
    const text = JSON.stringify(least);
    const sized = (size: number) => text + " ".repeat(size - text.length);
    assert.equal((await post(sized(65_536), "application/json")).status, 201);
    const over = await post(sized(65_537), "application/json");
    assert.deepEqual([over.status, over.code], [413, "body_too_large"]);
    for (const type of [
      "application/json; charset=utf-8",
      "Application/JSON",
      "application/json;charset=UTF-8",
    ])
      assert.equal((await post(text, type)).status, 200, type);
    for (const type of [
      undefined,
      "text/plain",
      "application/vnd.api+json",
      "application/x-www-form-urlencoded",
    ]) {
      const reply = await post(text, type);
      assert.deepEqual([reply.status, reply.code], [415, "content_type_unsupported"], type);
    }
    const broken = await post(text.slice(1), "application/json");
    assert.deepEqual([broken.status, broken.code], [400, "body_malformed"]);
    const infinite = await post(
      `{"eventId":"e","reasonKey":"other","metadata":{"k":1e999}}`,
      "application/json",
    );
    assert.deepEqual([infinite.status, infinite.param], [400, "metadata/k"]);
    const endless = await post(
      `{"eventId":"e","reasonKey":"other","context":{"mrr":1e999}}`,
      "application/json",
    );
    assert.deepEqual([endless.status, endless.param], [400, "context/mrr"]);
  });
});
