import { apiContract } from "../../client/api_contract.ts";
import { HttpApi } from "../../client/http_api.ts";
import { ADMIN_TOKEN, startApi } from "./harness.ts";

apiContract("http api over the apiserver", async () => {
  const server = await startApi();
  const fetch = (request: Request) => server.api.fetch(request);
  return {
    api: new HttpApi({ baseUrl: "http://api", token: ADMIN_TOKEN, fetch }),
    close: () => server[Symbol.asyncDispose](),
  };
});
