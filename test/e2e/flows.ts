/** The flow that the end-to-end stories run on: a reason for every kind of offer, and every kind of step. */
const confirm = { type: "confirm", id: "sure", effective: "period_end" };
const success = { type: "success", id: "end" };

const reason = (id: string, label: string, offer: object) => ({ id, label, offers: [{ id, ...offer }] });

export const everyOffer = {
  name: "Every offer",
  steps: [
    {
      type: "survey",
      id: "why",
      title: "Before you go, {{customer.firstName|there}}",
      reasons: [
        reason("price", "Too expensive", {
          type: "discount",
          percentOff: 25,
          duration: "repeating",
          months: 3,
        }),
        reason("away", "Away for a while", { type: "pause", months: [1, 2, 3], untilDate: { maxMonths: 6 } }),
        reason("size", "Wrong plan", {
          type: "plan_change",
          plans: [
            { priceId: "price_basic_monthly" },
            { priceId: "price_team_monthly", description: "For **all** of you" },
          ],
        }),
        reason("yearly", "I would rather pay yearly", { type: "annual_switch" }),
        reason("unsure", "I need more time to try", { type: "trial_extension", days: 14 }),
        reason("help", "I need help", { type: "contact", url: "mailto:help@shop.example" }),
        reason("guide", "I don't know how", { type: "redirect", url: "https://example.com/guide" }),
        reason("gift", "Surprise me", { type: "custom", name: "gift", data: { size: "L" } }),
        { id: "other", label: "Something else", followup: { label: "Tell us more", required: true } },
      ],
    },
    confirm,
    success,
  ],
};

export const everyStep = {
  name: "Every step",
  steps: [
    {
      type: "survey",
      id: "why",
      reasons: [
        { id: "price", label: "Too expensive" },
        { id: "other", label: "Something else" },
      ],
    },
    {
      type: "offer",
      id: "deal",
      offers: [{ type: "discount", id: "deal-offer", percentOff: 10, duration: "once" }],
    },
    { type: "feedback", id: "words", minLength: 5 },
    { type: "losses", id: "ends", items: ["Unlimited projects", "4K export"] },
    { type: "custom", id: "extra", name: "extra" },
    confirm,
    success,
  ],
};
