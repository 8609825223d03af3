/** The whole server as one web-standard handler: `app.fetch(Request) → Response`. Importing it does nothing. */
import { type Context, Hono } from "hono";
import { BillingError } from "./billing/provider.ts";
import { openApiDocument } from "./contract/openapi.ts";
import { type Deps, loggable } from "./deps.ts";
import { Problem } from "./domain/problem.ts";
import { JSON_TYPE } from "./http/body.ts";
import { failure, plain } from "./http/errors.ts";
import { completeHeaders, setHeader } from "./http/headers.ts";
import { createRateLimit } from "./http/rate-limit.ts";
import { type Env, mount, type Route } from "./http/route.ts";
import { QuickRouter } from "./http/router.ts";
import { analyticsRoutes } from "./routes/analytics.ts";
import { apiKeyRoutes } from "./routes/api-keys.ts";
import { mountBranding } from "./routes/branding.ts";
import { cancelLinkRoutes } from "./routes/cancel-links.ts";
import { cancellationRoutes } from "./routes/cancellations.ts";
import { customerRoutes } from "./routes/customers.ts";
import { docsPage, docsStyle } from "./routes/docs.ts";
import { exportRoutes } from "./routes/exports.ts";
import { flowApiRoutes } from "./routes/flow-api.ts";
import { healthRoutes } from "./routes/health.ts";
import { mountHosted } from "./routes/hosted.ts";
import { mountHostedCancel } from "./routes/hosted-cancel.ts";
import { hubRoutes } from "./routes/hub.ts";
import { insightRoutes } from "./routes/insights.ts";
import { recoveryRoutes } from "./routes/recoveries.ts";
import { renumerateRoutes } from "./routes/renumerate.ts";
import { reportRoutes } from "./routes/reports.ts";
import { mountStripeWebhook } from "./routes/stripe-webhook.ts";
import { webhookRoutes } from "./routes/webhooks.ts";
import { widgetRoutes } from "./routes/widget.ts";

export const routes: readonly Route[] = [
  ...renumerateRoutes,
  ...widgetRoutes,
  ...hubRoutes,
  ...healthRoutes,
  ...insightRoutes,
  ...cancellationRoutes,
  ...cancelLinkRoutes,
  ...reportRoutes,
  ...exportRoutes,
  ...customerRoutes,
  ...recoveryRoutes,
  ...flowApiRoutes,
  ...analyticsRoutes,
  ...apiKeyRoutes,
  ...webhookRoutes,
];

/** As long as what opens something is, and nothing else in an address or an id. */
const SECRET = /[\w-]{40,}/;
const ALL_SECRETS = new RegExp(SECRET, "g");

/** The caller's own, if it can be logged as it is. */
function requestIdOf(context: Context): string | undefined {
  const given = context.req.header("request-id");
  return given && /^[\w=-]{1,64}$/.test(given) && !SECRET.test(given) ? given : undefined;
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** @param extras what an installation serves beside the API: the embed's files, the demo */
export function createApp(deps: Deps, extras: (app: Hono<Env>) => void = () => {}): Hono<Env> {
  const app = new Hono<Env>({ router: new QuickRouter() });
  // Whoever starts the server need not wait for them, and whoever asks again has them as they are.
  const document = once(() => openApiDocument(routes, deps));
  const documentText = once(() => JSON.stringify(document()));
  const documentPage = once(() => String(docsPage(document())));

  app.use(async (context, next) => {
    const started = performance.now();
    const id = requestIdOf(context) ?? deps.newId("req");
    context.set("requestId", id);
    setHeader(context, "Request-Id", id);
    setHeader(context, "X-Content-Type-Options", "nosniff");
    setHeader(context, "Referrer-Policy", "no-referrer");
    await next();
    completeHeaders(context);
    const { method, path } = context.req;
    deps.log.info(
      {
        request_id: id,
        workspace: context.get("workspaceId"),
        method,
        // The path alone, because a query may hold what somebody should not have put there; and of that nothing that
        // may open something.
        path: path.replace(ALL_SECRETS, ":token"),
        status: context.res.status,
        ms: Math.round(performance.now() - started),
      },
      "request",
    );
  });

  mount(app, routes, deps, createRateLimit(deps));
  app.get("/openapi.json", (context) => context.body(documentText(), 200, { "Content-Type": JSON_TYPE }));
  app.get("/docs", (context) => {
    context.header("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'");
    return context.html(documentPage());
  });
  app.get("/docs.css", (context) =>
    context.body(docsStyle, 200, { "Content-Type": "text/css; charset=utf-8" }),
  );
  mountHosted(app, deps);
  mountHostedCancel(app, deps);
  mountBranding(app, deps);
  mountStripeWebhook(app, deps);
  extras(app);

  app.notFound((context) => {
    setHeader(context, "Cache-Control", "no-store");
    const { status, body } = failure(new Problem("route_not_found"), context.get("requestId"));
    return context.json(body, status);
  });
  app.onError((error, context) => {
    const id = context.get("requestId");
    // What nobody handled on the way here is billing that does not answer; nothing was changed.
    const problem =
      error instanceof BillingError ? new Problem("billing_unavailable", { cause: error }) : error;
    const { status, body } = failure(problem, id);
    if (status >= 500) deps.log.error({ request_id: id, err: loggable(error) }, "request failed");
    if (status === 401) setHeader(context, "WWW-Authenticate", "Bearer");
    setHeader(context, "Cache-Control", "no-store");
    return context.json(context.get("plainErrors") ? plain(body) : body, status);
  });
  return app;
}
