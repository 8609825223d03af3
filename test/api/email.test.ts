import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BillingDetailsRequest } from "../../src/api/contract.ts";
import { EMAIL } from "../../src/components/hub/details-controller.ts";

const isTaken = (email: string): boolean =>
  BillingDetailsRequest.safeParse({ name: "", email, address: {} }).success;

describe("an e-mail address in a form of the hub", () => {
  for (const email of [
    "ada@example.com",
    "ada.king+bills@mail.example.co.uk",
    "o'neill@example.com",
    "a@b.cd",
    "",
    "ada",
    "ada@example",
    "ada@example.c",
    ".ada@example.com",
    "ada.@example.com",
    "a..b@example.com",
    "ada@-example.com",
    "ada@example..com",
    "ada lovelace@example.com",
    "ada@exämple.com",
  ])
    it(`'${email}' is ${EMAIL.test(email) ? "taken" : "refused"} by the form as by the server`, () => {
      assert.equal(EMAIL.test(email), isTaken(email));
    });

  it("whatever is typed", () => {
    const typed = fc.string({ unit: fc.constantFrom(..."aA0.-_'+@ é"), maxLength: 12 });
    fc.assert(
      fc.property(typed, typed, (local, domain) => {
        const email = `${local}@${domain}.com`;
        assert.equal(EMAIL.test(email), isTaken(email), email);
      }),
      { numRuns: 5000 },
    );
  });
});
