/** All that is kept about one customer: to be handed out, and to be forgotten. */
import type { Json, Scope } from "./store.ts";

/** Ids that stand for nobody begin so. */
export const ALIAS = "gone_";

/** Whether nobody may know any more whom a row is about: nothing that somebody says is written into it. */
export const isForgotten = ({ customerId }: { customerId?: string }): boolean =>
  customerId?.startsWith(ALIAS) ?? false;

/** What a person's ids are replaced by. */
export interface Aliases {
  /** Made by chance: nothing leads to it. */
  customer: string;
  /** For what may be spoken of again: the same id, the same alias, and no way back. */
  of(kind: "sub" | "evt", id: string): string;
}

export type CustomerId = Scope & { customerId: string };

/** Whom it is about: by the ids that billing and the business know them by, and by address. */
export interface Person {
  customerIds: readonly string[];
  emails: readonly string[];
}

/** Ids of what is locked while it is written, see the locks of the domain. */
export interface Turns {
  links: string[];
  sessions: string[];
  invoices: string[];
  /** Callers' ids of reported cancellations. */
  events: string[];
}

export interface PersonalDataQueries {
  /**
   * Whoever is known by this id: with the ids that links name beside it, and the addresses. Other customers who share an
   * address are somebody else. Whoever is known by this address: all of these.
   */
  personOf(scope: Scope, by: { customerId?: string; email?: string }): Promise<Person>;
  /** By table, each row as it is kept, oldest first. */
  personalData(scope: Scope, person: Person): Promise<Record<string, Json[]>>;
  /** What of theirs may be written at this moment, each in its own turn. */
  turnsOf(scope: Scope, person: Person): Promise<Turns>;
  /** Whether a decision or change of theirs is still being carried out. */
  isBusy(scope: Scope, person: Person): Promise<boolean>;
  /**
   * Takes out what says who it was or what they wrote; what counts stays, under ids that stand for nobody.
   * @returns how many rows were changed, by table
   */
  forgetPerson(scope: Scope, person: Person, aliases: Aliases): Promise<Record<string, number>>;
}

export interface PersonalDataUpkeep {
  /**
   * Looks at so many customers, in the order of their ids. What is to happen counts as heard: an end that lies ahead.
   * @param of.after whom to go on behind
   * @returns those of whom nothing has been heard since, and who was looked at last; absent when there is nobody else
   */
  silentCustomers(
    before: number,
    of: { after?: CustomerId | undefined; limit: number },
  ): Promise<{ silent: CustomerId[]; last?: CustomerId }>;
}
