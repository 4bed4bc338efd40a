import { TOKEN_REQUESTS, TokenRequest } from "../types/authentication_v1.ts";
import { ServiceAccount } from "../types/core_v1.ts";
import { SERVICE_ACCOUNTS } from "../types/resources.ts";
import { count } from "./column_types.ts";
import type { ResourceKind } from "./kind.ts";

export const serviceAccounts: ResourceKind<ServiceAccount> = {
  resource: SERVICE_ACCOUNTS,
  schema: ServiceAccount,
  singular: "serviceaccount",
  shortNames: ["sa"],
  hasStatus: false,
  returnsDeleted: true,
  validate: () => [],
  subresources: { token: { does: "answer", resource: TOKEN_REQUESTS, schema: TokenRequest } },
  columns: [count("Secrets", "Number of secrets.", ({ secrets = [] }) => secrets.length)],
};
