/** What is kept about one customer, for a business's own server: handed out, and forgotten. */
import { CustomerData, CustomerDeletion, CustomerQuery } from "../contract/customers.ts";
import { forgetCustomer, readPersonalData, type Wanted } from "../domain/personal-data.ts";
import { scopeOf } from "../domain/scopes.ts";
import { keyRoute, type Route } from "../http/route.ts";

const PATH = "/api/v1/customers/data";

const wantedOf = (query: { customer_id?: string | undefined; email?: string | undefined }): Wanted => ({
  ...(query.customer_id === undefined ? {} : { customerId: query.customer_id }),
  ...(query.email === undefined ? {} : { email: query.email }),
});

export const customerRoutes: readonly Route[] = [
  keyRoute(
    {
      method: "get",
      path: PATH,
      operationId: "get_customer_data",
      summary: "All that is kept about a customer",
      description:
        "To be handed out to them. Without what only this server can use, such as hashes. Somebody of whom nothing is kept is `found: false`.",
      scope: "*",
      query: CustomerQuery,
      reply: CustomerData,
      refusals: ["workspace_mismatch"],
    },
    async ({ deps, key, query }) => {
      const scope = scopeOf(key, query);
      const { customerIds, emails, found, data } = await readPersonalData(deps, scope, wantedOf(query));
      return {
        object: "customer_data" as const,
        environment: scope.environment,
        customer_ids: [...customerIds],
        emails: [...emails],
        found,
        data,
      };
    },
  ),
  keyRoute(
    {
      method: "delete",
      path: PATH,
      operationId: "forget_customer",
      summary: "Forget a customer",
      description:
        "Takes out who they were and what they wrote, for good. Figures stay as they are. The same again changes nothing. What billing tells later is kept anew, so let billing forget them first.",
      scope: "*",
      query: CustomerQuery,
      reply: CustomerDeletion,
      refusals: ["workspace_mismatch", "customer_busy"],
    },
    async ({ deps, key, query }) => {
      const scope = scopeOf(key, query);
      const { found, changed } = await forgetCustomer(deps, scope, wantedOf(query));
      return { object: "customer_deletion" as const, environment: scope.environment, found, changed };
    },
  ),
];
