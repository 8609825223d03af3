/** All that is kept about one customer: to be handed out, and to be forgotten. */
import type { Json, Scope } from "./store.ts";

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
   * Takes out what says who it was or what they wrote; what counts stays, under `alias`, an id that stands for nobody.
   * @returns how many rows were changed, by table
   */
  forgetPerson(scope: Scope, person: Person, alias: string): Promise<Record<string, number>>;
}

export interface PersonalDataUpkeep {
  /** Customers of whom nothing has been heard since. @returns one id of each, at most `limit` */
  silentCustomers(before: number, limit: number): Promise<(Scope & { customerId: string })[]>;
}
