/** What Stripe says of parameters that it does not take: https://docs.stripe.com/error-codes */
import type { ErrorObject } from "ajv";
import { Refusal } from "../state.ts";

const depthOf = (error: ErrorObject): number => error.instancePath.split("/").length;

const stepsOf = (error: ErrorObject): string[] =>
  error.instancePath
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));

/** `items[0][price]` */
function paramOf(steps: readonly string[]): string {
  const [first = "", ...rest] = steps;
  return first + rest.map((step) => `[${step}]`).join("");
}

function valueAt(params: unknown, steps: readonly string[]): unknown {
  let value = params;
  for (const step of steps) value = (value as Record<string, unknown> | undefined)?.[step];
  return value;
}

/** Of one place in the parameters, the complaint that says most about what is there. */
const WEIGHT = ["additionalProperties", "required", "minLength", "maxLength", "maxProperties"];
const TEXT_WEIGHT = ["minLength", "maxLength", "pattern", "enum", "const", "type"];

function worst(errors: readonly ErrorObject[], params: unknown): ErrorObject | undefined {
  const depth = Math.max(...errors.map(depthOf));
  const deepest = errors.filter(
    (error) => depthOf(error) === depth && error.keyword !== "anyOf" && !isOnlyEmpty(error),
  );
  const [first] = deepest;
  if (!first) return errors[0];
  const text = typeof valueAt(params, stepsOf(first)) === "string";
  const number = deepest.find(({ params: { type } }) => type === "integer" || type === "number");
  if (text && number) return number;
  const weight = text ? TEXT_WEIGHT : WEIGHT;
  return deepest.toSorted((a, b) => rank(weight, a) - rank(weight, b))[0];
}

/** `""` may be one of the choices, and is none that Stripe would name. */
const isOnlyEmpty = ({ params }: ErrorObject): boolean =>
  (params.allowedValue ?? (params.allowedValues as unknown[] | undefined)?.join("")) === "";

const rank = (weight: readonly string[], { keyword }: ErrorObject): number => {
  const place = weight.indexOf(keyword);
  return place < 0 ? weight.length : place;
};

function choices(error: ErrorObject): string {
  const { allowedValues = [], allowedValue } = error.params as {
    allowedValues?: unknown[];
    allowedValue?: unknown;
  };
  const values = [...allowedValues, allowedValue].filter((value) => value !== undefined && value !== "");
  return values.length > 1 ? `${values.slice(0, -1).join(", ")} or ${values.at(-1)}` : String(values[0]);
}

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** @param errors of the check of these parameters */
export function refusalOf(errors: readonly ErrorObject[], params: unknown): Refusal {
  const error = worst(errors, params);
  if (!error) return new Refusal(400, "Invalid request.");
  const steps = stepsOf(error);
  const { additionalProperty, missingProperty, propertyName, type, limit } = {
    propertyName: error.propertyName,
    ...error.params,
  } as {
    additionalProperty?: string;
    missingProperty?: string;
    propertyName?: string;
    type?: string;
    limit?: number;
  };
  const value = valueAt(params, steps);
  const param = paramOf(steps);
  switch (error.keyword) {
    case "additionalProperties": {
      const unknown = paramOf([...steps, additionalProperty ?? ""]);
      return refuse(`Received unknown parameter: ${unknown}`, unknown, "parameter_unknown");
    }
    case "required": {
      const missing = paramOf([...steps, missingProperty ?? ""]);
      return refuse(`Missing required param: ${missing}.`, missing, "parameter_missing");
    }
    case "type":
      if (type === "integer")
        return refuse(`Invalid integer: ${shown(value)}`, param, "parameter_invalid_integer");
      return refuse(`Invalid ${type}: ${shown(value)}`, param);
    case "minLength":
      return refuse(
        `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset.`,
        param,
        "parameter_invalid_empty",
      );
    case "maxLength":
      return refuse(tooLong(steps, propertyName ?? shown(value), limit), param);
    case "maxProperties":
      return refuse(`You can only have up to ${limit} keys in ${param}.`, param);
    case "pattern":
      return refuse(`Invalid decimal: ${shown(value)}`, param);
    default:
      return refuse(`Invalid ${param}: must be one of ${choices(error)}`, param);
  }
}

function tooLong(steps: readonly string[], value: string, limit: number | undefined): string {
  const kind = limit === 40 ? "keys" : "values";
  return steps.includes("metadata")
    ? `Metadata ${kind} can have up to ${limit} characters. Invalid value: ${value}`
    : `Invalid string: ${value.slice(0, 20)}…; must be at most ${limit} characters`;
}

const refuse = (message: string, param: string, code?: string): Refusal =>
  new Refusal(400, message, { param, ...(code ? { code } : {}) });
