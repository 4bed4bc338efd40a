import { apiContract } from "./api_contract.ts";
import { FakeApi } from "./fake_api.ts";
import { FakeClock } from "./fake_clock.ts";

apiContract("fake api", () =>
  Promise.resolve({
    api: new FakeApi(new FakeClock()),
    close: () => {},
  }));
