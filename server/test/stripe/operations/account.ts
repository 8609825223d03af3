/** The account that the double's keys belong to: https://docs.stripe.com/api/accounts/retrieve */
import type { Operations } from "../state.ts";

const account = {
  id: "acct_1Double0000000000",
  object: "account",
  business_profile: {
    mcc: null,
    minority_owned_business_designation: null,
    name: "Harbour Studio",
    specified_commercial_transactions_act_url: null,
    support_address: null,
    support_email: null,
    support_phone: null,
    support_url: null,
    url: null,
  },
  business_type: "company",
  charges_enabled: true,
  country: "US",
  created: 1_700_000_000,
  default_currency: "usd",
  details_submitted: true,
  email: "owner@example.com",
  payouts_enabled: true,
  type: "standard",
};

export const accountOperations: Operations = {
  "GET /v1/account": () => structuredClone(account),
};
