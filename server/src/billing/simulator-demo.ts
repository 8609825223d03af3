/** The demo business: Papercrane, a studio for storyboards and animation, and the people who subscribe to it. */
import type { Address } from "../../../src/api/wire.ts";
import { addMonths } from "../../../src/flow/offers.ts";
import type { BillingAction } from "./provider.ts";
import type { SimulatedPaymentMethod } from "./simulator-model.ts";

export { prices, products, promoCodes } from "./simulator-catalogue.ts";

const DAY = 86_400_000;

/** What the demo's subscriptions show, by what they are good for. */
export const demoSubscriptions = {
  /** John Doe of every example: Pro, monthly, next charge in 18 days. */
  monthly: "sub_1MowQVLkdIwHu7ixeRlqHVzs",
  annual: "sub_amara_pro_annual",
  /** 12 days left of 14. */
  trialing: "sub_mateo_pro",
  paused: "sub_ingrid_pro",
  /** One open invoice. */
  pastDue: "sub_sam_basic",
  cancelling: "sub_priya_pro",
  cancelled: "sub_olivia_basic",
  /** Two of one customer. */
  first: "sub_lucia_basic",
  second: "sub_lucia_team",
  yen: "sub_misaki_pro_jpy",
  /** 30 % off, two months left of six. */
  discounted: "sub_tom_pro",
  /** A company whose name looks like HTML, five seats. */
  markup: "sub_zoe_team",
  /** A long name, right to left. */
  rightToLeft: "sub_nour_basic_annual",
  /** Nine years and twelve seats. */
  longTenured: "sub_eleanor_team",
  /** Began on a 31st. */
  monthEnd: "sub_noah_basic",
  /** Two customers with one e-mail; the second pays by the week, since six years. */
  sharedEmail: "sub_harbour_team",
  sharedEmailToo: "sub_harbour_basic",
  /** The one that Retainly's documents name, so that their requests can be sent as they are printed. */
  documented: "sub_xxx",
} as const;

/** One subscription's life, replayed up to now so that its invoices are what billing would have written. */
export interface Story {
  id: string;
  priceId: string;
  quantity?: number;
  startedAt: number;
  trialEnd?: number;
  /** In order of time. */
  events?: readonly ({ at: number; does: StoryAction } | { at: number; pays: SimulatedPaymentMethod })[];
  metadata?: Readonly<Record<string, string>>;
}

export type StoryAction = BillingAction extends infer Action
  ? Action extends BillingAction
    ? Omit<Action, "subscriptionId">
    : never
  : never;

export interface Person {
  id: string;
  name?: string;
  email?: string;
  address?: Address;
  /** A Visa that never expires if absent. */
  card?: SimulatedPaymentMethod;
  metadata?: Readonly<Record<string, string>>;
  stories: readonly Story[];
}

/** @param at now; every date is counted from it, so that a demo is never out of date */
export function people(at: number): Person[] {
  const ids = demoSubscriptions;
  const ago = (days: number) => at - days * DAY;
  /** Began so that, after whole months, the next period begins in `days`. */
  const began = (months: number, days: number) => addMonths(at + days * DAY, -months);
  const today = new Date(at);
  /** Good until the end of the month that is so many months ahead. */
  const card = (brand: string, last4: string, ahead: number): SimulatedPaymentMethod => {
    const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + ahead));
    return { brand, last4, expMonth: month.getUTCMonth() + 1, expYear: month.getUTCFullYear() };
  };
  const lastJanuary31 = Date.UTC(today.getUTCFullYear() - 1, 0, 31, 9);
  return [
    {
      id: "cus_NffrFeUfNV2Hib",
      name: "John Doe",
      email: "john.doe@example.com",
      address: {
        line1: "510 Townsend Street",
        city: "San Francisco",
        postalCode: "94103",
        state: "CA",
        country: "US",
      },
      card: card("Visa", "4242", 88),
      metadata: { company: "Doe Motion", team: "Storyboards", seats: "1", projects: "14" },
      stories: [{ id: ids.monthly, priceId: "price_pro_monthly", startedAt: began(15, 18) }],
    },
    {
      id: "cus_amara",
      name: "Amara Okafor",
      email: "amara.okafor@example.com",
      address: { line1: "14 Adeola Odeku Street", city: "Lagos", country: "NG" },
      // Runs out before her next year begins.
      card: card("Mastercard", "4444", 1),
      metadata: { company: "Okafor Illustration", team: "Solo", seats: "1", projects: "31" },
      stories: [{ id: ids.annual, priceId: "price_pro_annual", startedAt: began(24, 213) }],
    },
    {
      id: "cus_mateo",
      name: "Mateo Silva",
      email: "mateo.silva@example.com",
      card: card("Visa", "1111", 61),
      metadata: { team: "Thesis film", seats: "1", projects: "1" },
      stories: [
        { id: ids.trialing, priceId: "price_pro_monthly", startedAt: ago(2), trialEnd: at + 12 * DAY },
      ],
    },
    {
      id: "cus_ingrid",
      name: "Ingrid Halvorsen",
      email: "ingrid.halvorsen@example.com",
      address: { line1: "Møllergata 12", postalCode: "0179", city: "Oslo", country: "NO" },
      card: card("Mastercard", "5100", 73),
      metadata: { company: "Fjordlys Film", team: "Shorts", seats: "1", projects: "6" },
      stories: [
        {
          id: ids.paused,
          priceId: "price_pro_monthly",
          startedAt: began(20, -8),
          events: [{ at: ago(20), does: { type: "pause", resumesAt: at + 70 * DAY } }],
        },
      ],
    },
    {
      id: "cus_sam",
      name: "Sam Whitfield",
      email: "sam.whitfield@example.com",
      card: card("Visa", "4242", 22),
      metadata: { team: "Evenings and weekends", seats: "1", projects: "2" },
      stories: [
        {
          id: ids.pastDue,
          priceId: "price_basic_monthly",
          startedAt: began(8, -5),
          events: [{ at: ago(15), pays: { ...card("Visa", "0002", 40), declines: true } }],
        },
      ],
    },
    {
      id: "cus_priya",
      name: "Priya Raman",
      email: "priya.raman@example.com",
      card: card("American Express", "0005", 70),
      metadata: { company: "Blue Lotus Games", team: "Cutscenes", seats: "1", projects: "9" },
      stories: [
        {
          id: ids.cancelling,
          priceId: "price_pro_monthly",
          startedAt: began(11, 9),
          events: [
            {
              at: ago(3),
              does: {
                type: "cancel",
                effective: "period_end",
                reason: "not_using",
                comment: "The game shipped. Thank you!",
              },
            },
          ],
        },
      ],
    },
    {
      id: "cus_olivia",
      name: "Olivia Brandt",
      email: "olivia.brandt@example.com",
      card: card("Discover", "1117", 64),
      metadata: { seats: "1", projects: "0" },
      stories: [
        {
          id: ids.cancelled,
          priceId: "price_basic_monthly",
          startedAt: began(7, -25),
          events: [
            { at: ago(40), does: { type: "cancel", effective: "period_end", reason: "too_expensive" } },
          ],
        },
      ],
    },
    {
      id: "cus_lucia",
      name: "Lucía Fernández",
      email: "lucia.fernandez@example.com",
      address: {
        line1: "Calle del Mar 3",
        line2: "2.º B",
        postalCode: "46003",
        city: "València",
        country: "ES",
      },
      card: card("Visa", "0341", 85),
      metadata: { company: "Taller Azul", projects: "22" },
      stories: [
        {
          id: ids.first,
          priceId: "price_basic_monthly",
          startedAt: began(30, 6),
          metadata: { team: "Own sketches", seats: "1" },
        },
        {
          id: ids.second,
          priceId: "price_team_monthly",
          quantity: 3,
          startedAt: began(10, 21),
          metadata: { team: "Taller", seats: "3" },
        },
      ],
    },
    {
      id: "cus_misaki",
      name: "佐藤 美咲",
      email: "misaki.sato@example.com",
      address: {
        line1: "神南1-2-3",
        line2: "折鶴ビル4階",
        city: "渋谷区",
        state: "東京都",
        postalCode: "150-0041",
        country: "JP",
      },
      card: card("JCB", "0505", 97),
      metadata: { company: "紙鶴アニメーション", team: "絵コンテ", seats: "1", projects: "8" },
      stories: [{ id: ids.yen, priceId: "price_pro_monthly_jpy", startedAt: began(13, 14) }],
    },
    {
      id: "cus_tom",
      name: "Tom Becker",
      email: "tom.becker@example.com",
      card: card("Mastercard", "8210", 79),
      metadata: { team: "Explainers", seats: "1", projects: "5" },
      stories: [
        {
          id: ids.discounted,
          priceId: "price_pro_monthly",
          startedAt: began(9, 11),
          events: [
            {
              at: addMonths(at, -4),
              does: { type: "discount", percentOff: 30, currency: "usd", duration: "repeating", months: 6 },
            },
          ],
        },
      ],
    },
    {
      id: "cus_zoe",
      name: "<b>Zoë</b> & Söhne",
      email: "zoe+billing@example.org",
      address: { line1: "Straße der <Künste> 5 & 7", postalCode: "20095", city: "Hamburg", country: "DE" },
      card: card("Visa", "3155", 91),
      metadata: { company: "<b>Zoë</b> & Söhne", team: 'Werbung "Nord" <3', seats: "5", projects: "40" },
      stories: [{ id: ids.markup, priceId: "price_team_monthly", quantity: 5, startedAt: began(18, 23) }],
    },
    {
      id: "cus_nour",
      name: "نور الهدى بنت عبد الرحمن بن محمد الأندلسي القرطبي",
      email: "nour.alhuda.bint.abdulrahman.alandalusi@example.net",
      address: { line1: "١٢ شارع الزيتون", city: "القاهرة", country: "EG" },
      // Has run out since the last charge.
      card: card("Mastercard", "2227", -1),
      metadata: { company: "استوديو النور", team: "القصص المصورة", seats: "1", projects: "3" },
      stories: [{ id: ids.rightToLeft, priceId: "price_basic_annual", startedAt: began(12, 90) }],
    },
    {
      id: "cus_eleanor",
      name: "Eleanor Vance",
      email: "eleanor.vance@example.com",
      address: {
        line1: "80 Hill House Road",
        line2: "Stage 4, Gate B",
        city: "Burbank",
        postalCode: "91505",
        state: "CA",
        country: "US",
      },
      card: card("American Express", "8431", 94),
      metadata: { company: "Hill House Pictures", team: "Feature", seats: "12", projects: "118" },
      stories: [
        { id: ids.longTenured, priceId: "price_team_monthly", quantity: 12, startedAt: began(108, 16) },
      ],
    },
    {
      id: "cus_noah",
      name: "Noah Lindqvist",
      email: "noah.lindqvist@example.com",
      card: card("Visa", "0077", 82),
      metadata: { seats: "1", projects: "4" },
      stories: [{ id: ids.monthEnd, priceId: "price_basic_monthly", startedAt: lastJanuary31 }],
    },
    {
      id: "cus_harbour",
      name: "Harbour Street Studio",
      email: "studio@example.org",
      address: { line1: "9 Harbour Street", city: "Bristol", postalCode: "BS1 5TY", country: "GB" },
      card: card("Mastercard", "0606", 76),
      metadata: { team: "Commercials", seats: "4", projects: "27" },
      stories: [
        { id: ids.sharedEmail, priceId: "price_team_annual", quantity: 4, startedAt: began(36, 150) },
      ],
    },
    {
      id: "cus_harbour_interns",
      name: "Harbour Street Interns",
      email: "Studio@example.org",
      metadata: { team: "Interns", seats: "1", projects: "2" },
      stories: [{ id: ids.sharedEmailToo, priceId: "price_basic_weekly_2020", startedAt: ago(7 * 320 - 4) }],
    },
    {
      id: "cus_xxx",
      name: "Xenia Marchetti",
      email: "user@example.com",
      card: card("Visa", "1881", 70),
      metadata: { team: "Storyboards", seats: "1", projects: "7" },
      stories: [{ id: ids.documented, priceId: "price_pro_monthly", startedAt: began(7, 17) }],
    },
    {
      id: "cus_wren",
      name: "Wren Castellanos",
      email: "wren.castellanos@example.com",
      metadata: { projects: "0" },
      stories: [],
    },
  ];
}
