/**
 * English, and the list of the texts that only the subscription hub has; what it shares with the flow is in
 * `i18n/en.ts`. The form is the same. Each name begins with `hub_`, so that a business's own words need one list.
 */
export const hub = {
  hub_title: { one: "Your subscription", other: "Your subscriptions" },
  hub_updated: "Updated",

  hub_active: "Active",
  hub_trial: "Free trial",
  hub_trialLeft: { one: "Free trial: {{count}} day left", other: "Free trial: {{count}} days left" },
  hub_pastDue: "Payment overdue",
  hub_paused: "Paused",
  hub_pausedUntil: "Paused until {{date}}",
  hub_ending: "Ends on {{date}}",
  hub_ended: "Ended",
  hub_endedOn: "Ended on {{date}}",

  hub_pastDueBody: "The last payment did not go through.",
  hub_discount: "Discount",
  hub_discountUntil: "{{off}} off until {{date}}",
  hub_discountForever: "{{off}} off as long as you subscribe",
  hub_since: "Member since",
  hub_features: "What is included",

  hub_empty: "You have no subscription",
  hub_missing: "Is one missing here? Write to us:",

  hub_unavailable: "Your subscription cannot be shown right now",
  hub_unavailableBody: "Nothing about it has changed.",
  hub_support: "If this goes on, please contact support.",
  hub_stale: "This could not be updated. You see what was known on {{time}}.",
  hub_mailSubject: "My subscription",
  hub_mailText: "I cannot see or change my subscription on your site.",
} as const;
