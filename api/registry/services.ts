import { Service } from "../types/core_v1.ts";
import { validateDns1035Label } from "../types/names.ts";
import { SERVICES } from "../types/resources.ts";
import type { ResourceKind } from "./kind.ts";
import {
  admitService,
  allocatorOf,
  releaseService,
  type ServiceNetwork,
} from "./service_allocation.ts";
import { withPoolsAddress } from "./service_balancers.ts";
import { SERVICE_COLUMNS } from "./service_columns.ts";
import { defaultService } from "./service_defaults.ts";
import { keepAllocated } from "./service_updates.ts";
import { proxyTo } from "./proxy.ts";
import { statusView } from "./status_view.ts";
import { validateService, validateServiceUpdate } from "./validate_service.ts";

/** @throws {RangeError} when the ranges can't be read or are too small */
export function services(network: ServiceNetwork): ResourceKind<Service> {
  const allocator = allocatorOf(network);
  const status = statusView(SERVICES, Service);
  const keepAddress: typeof status.write = (old, view) =>
    withPoolsAddress(allocator.balancers, status.write(old, view), old);
  return {
    resource: SERVICES,
    schema: Service,
    singular: "service",
    shortNames: ["svc"],
    categories: ["all"],
    hasStatus: true,
    returnsDeleted: true,
    createsOnUpdate: true,
    validateName: validateDns1035Label,
    default: defaultService,
    prepareForCreate: (service) => ({ ...service, status: { loadBalancer: {} } }),
    prepareForUpdate: keepAllocated,
    validate: validateService,
    validateUpdate: validateServiceUpdate,
    admit: (service, old, view, moment) => admitService(allocator, service, old, { view, moment }),
    release: (service) => releaseService(allocator, service),
    columns: SERVICE_COLUMNS,
    selectableFields: {
      "spec.clusterIP": ({ spec }) => spec.clusterIP ?? "",
      "spec.type": ({ spec }) => spec.type ?? "",
    },
    subresources: {
      status: { ...status, write: keepAddress },
      proxy: proxyTo(SERVICES, "ServiceProxyOptions"),
    },
  };
}
