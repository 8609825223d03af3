/**
 * The flow that a new workspace starts with: one optional-to-answer question, at most one fitting offer, one clear
 * last question. Nobody needs more than two activations to leave it.
 */
import type { FlowDefinition } from "../contract/flow-definition.ts";

export const defaultFlow: FlowDefinition = {
  name: "Default",
  steps: [
    {
      type: "survey",
      id: "why",
      title: "Before you go",
      body: "What is the main reason you want to cancel? Your answer goes to the team, not to a robot.",
      reasons: [
        {
          id: "too_expensive",
          label: "It costs too much",
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
          label: "I don't use it enough",
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
        {
          id: "missing_features",
          label: "Something is missing",
          followup: { label: "What would you need?" },
        },
        {
          id: "switching",
          label: "I'm switching to another product",
          followup: { label: "Which one, if you don't mind telling us?" },
        },
        {
          id: "technical_issues",
          label: "It doesn't work well for me",
          followup: { label: "What went wrong?" },
        },
        { id: "other", label: "Something else", followup: { label: "Tell us more" } },
      ],
    },
    { type: "confirm", id: "confirm", effective: "period_end" },
    { type: "success", id: "success" },
  ],
};
