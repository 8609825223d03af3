/** The Renumerate dialect: sessions that a business's backend mints, or vouches for. */
import { z } from "zod";
import {
  ExchangeRequest,
  ExchangeResponse,
  SessionRequest,
  SessionResponse,
} from "../../../src/api/contract.ts";
import { exchange } from "../domain/handshake.ts";
import { Problem } from "../domain/problem.ts";
import type { SessionPrefix } from "../domain/session-token.ts";
import { mintSession } from "../domain/sessions.ts";
import { brandOf } from "../http/credentials.ts";
import { bodyRoute, keyRoute, type Route } from "../http/route.ts";

function sessionRoute(kind: "retention" | "subscription", prefix: SessionPrefix): Route {
  return keyRoute(
    {
      method: "post",
      path: `/v1/${kind}/session`,
      aliases: [`/api/v1/${kind}/session`],
      operationId: `create_${kind}_session`,
      summary:
        kind === "retention"
          ? "Make a session for a retention flow"
          : "Make a session for a subscription hub",
      description: `The id begins with \`${prefix}\` and names one customer; give it to the widget of that customer alone.`,
      body: z.object({ [kind]: SessionRequest } as Record<typeof kind, typeof SessionRequest>),
      reply: SessionResponse,
      scope: "sessions:write",
      writes: true,
      refusals: ["customer_not_found", "customer_ambiguous", "subscription_not_found", "billing_unavailable"],
      plainErrors: true,
    },
    async ({ deps, body, key }) => {
      const { id } = await mintSession(deps, key, prefix, body[kind]).catch((error) => {
        if (error instanceof Problem && error.code === "parameter_missing") {
          const param = `${kind}.customer_id`;
          throw new Problem("parameter_missing", {
            param,
            message: `${param} or ${kind}.customer_email is required`,
          });
        }
        throw error;
      });
      return { id, session: { id } };
    },
  );
}

export const renumerateRoutes: readonly Route[] = [
  sessionRoute("retention", "ret_"),
  sessionRoute("subscription", "sub_"),
  bodyRoute(brandOf)(
    {
      method: "post",
      path: "/v1/session/exchange",
      // The token client takes the bare host for its API when it is told that the server is local.
      aliases: ["/session/exchange"],
      operationId: "exchange_session",
      summary: "Exchange a handshake token for a session",
      description:
        "The credential is `handshakeToken`, which the site's own backend has signed: good for one session, within five minutes.",
      body: ExchangeRequest,
      reply: ExchangeResponse,
      writes: true,
      refusals: [
        "handshake_malformed",
        "handshake_invalid",
        "handshake_expired",
        "handshake_unavailable",
        "nonce_used",
        "brand_not_found",
        "customer_not_found",
        "billing_unavailable",
      ],
    },
    async ({ deps, brand, handshake }) => {
      const { id, expiresAt } = await exchange(deps, brand, handshake);
      return { session: { sessionId: id, expiresAt: Math.floor(expiresAt / 1000) } };
    },
  ),
];
