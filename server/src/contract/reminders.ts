/** What a business decides about reminders of failed payments. */
import { z } from "zod";
import type { RemindedClass } from "../store/store.ts";
import { line, prose } from "./fields.ts";

export const RemindedClasses = z
  .string()
  .transform((list) => list.split(",").map((each) => each.trim()))
  .pipe(
    z
      .array(
        z.enum(["card_update", "authenticate", "retryable"] satisfies RemindedClass[], {
          error: "card_update, authenticate and retryable, with commas between them",
        }),
      )
      .transform((all) => [...new Set(all)]),
  );

const isPage = (text: string): boolean => {
  const url = URL.parse(text);
  return url?.protocol === "https:" && !url.username && !url.password;
};

export const PayUrl = z
  .string()
  .max(500, "at most 500 characters")
  .refine(isPage, "an https address")
  .transform((text) => new URL(text).href);

const PLACE = /\{([^{}]*)\}/g;
const PLACES = ["amount", "url", "workspace"];

/** A word in braces that stands for nothing would reach the customer as it is. */
const knowsPlaces = (text: string): boolean =>
  Array.from(text.matchAll(PLACE), ([, name = ""]) => name).every((name) => PLACES.includes(name));
const UNKNOWN_PLACE = "in braces there can only be {amount}, {url} and {workspace}";

export const ReminderSubject = line(150, 1).refine(knowsPlaces, UNKNOWN_PLACE);

export const ReminderText = prose(5_000)
  .refine((text) => text.trim() !== "", "must not be empty")
  .refine(knowsPlaces, UNKNOWN_PLACE)
  .refine((text) => text.includes("{url}"), "it must hold {url}: where the customer can pay");
