/** The compact checker of the browser and zod, which it stands in for, give the same verdict. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { z } from "zod";
import { check, type Shape } from "../../src/api/check.ts";
import {
  ErrorBody,
  EventsAck,
  FlowConfig,
  FlowSubscription,
  Hub,
  HubCustomer,
  HubInvoices,
  HubPreview,
  HubResult,
  Offer,
  PaymentPage,
  Settlement,
  Step,
  Subscription,
} from "../../src/api/contract.ts";
import * as hubWire from "../../src/api/hub-wire.ts";
import * as wire from "../../src/api/wire.ts";
import { configOf, confirm, offers, survey } from "../flow/fixtures.ts";
import { at, spoil, spoiling, valuesOf } from "./arbitraries.ts";

const RECEIVED: Record<string, [schema: z.ZodType, shape: Shape]> = {
  FlowConfig: [FlowConfig, wire.flowConfig],
  Settlement: [Settlement, wire.settlement],
  ErrorBody: [ErrorBody, wire.errorBody],
  EventsAck: [EventsAck, wire.eventsAck],
  Subscription: [Subscription, hubWire.subscription],
  FlowSubscription: [FlowSubscription, wire.flowSubscription],
  Step: [Step, wire.step],
  Offer: [Offer, wire.offer],
  Hub: [Hub, hubWire.hub],
  HubPreview: [HubPreview, hubWire.hubPreview],
  HubResult: [HubResult, hubWire.hubResult],
  HubInvoices: [HubInvoices, hubWire.hubInvoices],
  HubCustomer: [HubCustomer, hubWire.hubCustomer],
  PaymentPage: [PaymentPage, hubWire.paymentPage],
};

/** What is kept has no prototype, and its copy the usual one. */
function verdict(shape: Shape, value: unknown): { good: boolean; value?: unknown } {
  try {
    return { good: true, value: structuredClone(check(shape, value)) };
  } catch (error) {
    assert.ok(error instanceof TypeError);
    return { good: false };
  }
}

/** Only here the two differ, on purpose: zod refuses, the browser skips. */
const skipped = (value: unknown, result: z.ZodSafeParseResult<unknown>) =>
  !!result.error?.issues.some(
    (issue) =>
      issue.code === "invalid_union" &&
      issue.discriminator === "type" &&
      typeof at(value, issue.path) === "string",
  );

/** As JSON has it: without keys that hold undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

for (const [name, [schema, shape]] of Object.entries(RECEIVED)) {
  describe(name, () => {
    it("accepts what zod accepts, and keeps the same of it", () => {
      fc.assert(
        fc.property(valuesOf(schema), (value) => {
          assert.deepEqual(verdict(shape, value), { good: true, value: schema.parse(value) });
        }),
      );
    });

    it("agrees with zod on what is spoilt", () => {
      fc.assert(
        fc.property(
          valuesOf(schema),
          fc.array(spoiling, { minLength: 1, maxLength: 3 }),
          (good, spoilings) => {
            const value = spoilings.reduce(spoil, good);
            const result = schema.safeParse(value);
            fc.pre(!skipped(value, result));
            const found = verdict(shape, value);
            assert.equal(found.good, result.success, result.error?.message);
            if (result.success) assert.deepEqual(plain(found.value), plain(result.data));
          },
        ),
        { numRuns: 1000 },
      );
    });
  });
}

describe("what a newer server may send", () => {
  const received = (config: unknown) => structuredClone(check(wire.flowConfig, config)) as wire.FlowConfig;
  const novel = { type: "hologram", id: "h", terms: {} } as never;

  it("steps of an unknown kind are left out of the flow", () => {
    assert.deepEqual(received(configOf([survey, novel, confirm])), configOf([survey, confirm]));
    assert.deepEqual(received(configOf([novel])), configOf([]));
  });

  it("an unknown offer is left out of its reason", () => {
    const reason = { id: "r", label: "R" };
    const flow = configOf([{ type: "survey", id: "s", reasons: [{ ...reason, offer: novel }] }]);
    assert.deepEqual(received(flow), configOf([{ type: "survey", id: "s", reasons: [reason] }]));
  });

  it("a step whose offer is unknown is left out", () => {
    const flow = configOf([{ type: "offer", id: "o", offer: novel }, confirm]);
    assert.deepEqual(received(flow), configOf([confirm]));
  });

  it("unknown fields are ignored, everywhere", () => {
    fc.assert(
      fc.property(valuesOf(FlowConfig), (config) => {
        const grown = JSON.parse(JSON.stringify(config), (_, value: unknown) =>
          typeof value === "object" && value && "type" in value ? { ...value, novel } : value,
        ) as object;
        assert.deepEqual(received({ ...grown, novel }), FlowConfig.parse(grown));
      }),
    );
  });

  it("names of built-in properties are not kinds", () => {
    for (const type of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      assert.deepEqual(received(configOf([{ type, id: "x" } as never, confirm])), configOf([confirm]));
    }
  });

  it("an unknown kind where nothing else can stand is a fault", () => {
    assert.throws(() => check(wire.offer, novel), /unexpected value at \//);
  });
});

describe("faults", () => {
  it("are named by their path", () => {
    const flow = configOf([
      survey,
      { type: "offer", id: "o", offer: { ...offers.discount, terms: {} as never } },
    ]);
    assert.throws(
      () => check(wire.flowConfig, flow),
      new TypeError("unexpected value at /flow/steps/1/offer/terms/duration"),
    );
    assert.throws(() => check(wire.flowConfig, 1), new TypeError("unexpected value at /"));
    assert.throws(() => check(wire.step, { type: 7 }), new TypeError("unexpected value at /type"));
  });
});

describe("prototypes", () => {
  const good = configOf([confirm], { attributes: { plan: "pro" } });

  it("are neither changed nor replaced by a __proto__ in an answer", () => {
    for (const hostile of ['"x"', '{"admin":true}', "null"]) {
      const text = JSON.stringify(good)
        .replace(
          '"attributes":{',
          `"__proto__":{"fallbackEmail":"evil@example.com"},"attributes":{"__proto__":${hostile},`,
        )
        .replace('"customer":{', '"customer":{"__proto__":{"email":"evil@example.com"}');
      const config = check(wire.flowConfig, JSON.parse(text)) as wire.FlowConfig;
      assert.deepEqual(structuredClone(config), good);
      assert.deepEqual(FlowConfig.parse(JSON.parse(text)), good);
      assert.equal(config.fallbackEmail, undefined);
      assert.equal(config.customer.email, undefined);
      assert.equal(Object.getPrototypeOf(config.attributes), null);
    }
  });

  it("of a page that adds to them bring no values", (t) => {
    const everything = Object.prototype as { fallbackEmail?: string; settlement?: object };
    everything.fallbackEmail = "evil@example.com";
    everything.settlement = {};
    t.after(() => {
      delete everything.fallbackEmail;
      delete everything.settlement;
    });
    const config = check(wire.flowConfig, good) as wire.FlowConfig;
    assert.deepEqual([config.fallbackEmail, config.session.settlement], [undefined, undefined]);
  });
});
