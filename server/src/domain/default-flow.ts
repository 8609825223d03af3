/**
 * The flow that a new workspace starts with: one optional-to-answer question, at most one fitting offer, one clear
 * last question. Nobody needs more than two activations to leave it. It has no words of its own, so that it speaks
 * every language that the widgets speak.
 */
import type { FlowDefinition } from "../contract/flow-definition.ts";

export const defaultFlow: FlowDefinition = {
  name: "Default",
  steps: [
    {
      type: "survey",
      id: "why",
      reasons: [
        {
          id: "too_expensive",
          offers: [
            {
              type: "trial_extension",
              id: "longer-trial",
              days: 14,
              when: { field: "status", is: "trialing" },
            },
            {
              type: "discount",
              id: "quarter-off",
              percentOff: 25,
              duration: "repeating",
              months: 3,
              cooldownDays: 90,
            },
            { type: "discount", id: "renewal-off", percentOff: 20, duration: "once", cooldownDays: 90 },
            { type: "annual_switch", id: "annual" },
          ],
        },
        {
          id: "not_using",
          offers: [
            {
              type: "trial_extension",
              id: "longer-trial",
              days: 14,
              when: { field: "status", is: "trialing" },
            },
            { type: "pause", id: "pause", months: [1, 2, 3], untilDate: { maxMonths: 6 } },
          ],
        },
        { id: "missing_features", followup: {} },
        { id: "switching", followup: {} },
        { id: "technical_issues", followup: {} },
        { id: "other", followup: {} },
      ],
    },
    { type: "confirm", id: "confirm", effective: "period_end" },
    { type: "success", id: "success" },
  ],
};

/** With what the demo's hub offers by itself. Of what a business offers its customers unasked, no default decides. */
export const demoFlow: FlowDefinition = {
  ...defaultFlow,
  proactive: {
    offers: [
      {
        type: "discount",
        id: "first-months-off",
        percentOff: 20,
        duration: "repeating",
        months: 3,
        when: { field: "status", is: "trialing" },
      },
      { type: "annual_switch", id: "annual" },
    ],
    quietDays: 30,
  },
};
