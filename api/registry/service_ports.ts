import type { Service, ServicePort, ServiceSpec } from "../types/core_v1.ts";
import { invalid, invalidStatus } from "../types/field_errors.ts";
import { SERVICES } from "../types/resources.ts";
import type { StatusError } from "../types/status.ts";
import type { View, Write } from "../../store/store.ts";
import { giveBack, isFree, pickFree, type Pool, take } from "./allocations.ts";
import { needsNodePorts } from "./service_defaults.ts";
import type { Circumstances, Taken } from "./service_allocation.ts";

const NODE_PORTS: Pool = { prefix: "wherry.dev/nodeports//", kind: "NodePort" };

/** The first and the last port that may be given out. */
export type PortRange = readonly [first: number, last: number];

/** @throws {RangeError} when it is no range of ports */
export function checkPortRange([first, last]: PortRange): void {
  if (first >= 1 && first <= last && last <= 65535) return;
  throw new RangeError(`Cannot use node ports ${first}-${last}: not a range of ports`);
}

/** Takes the node ports that the service names and free ones for the rest, and frees those it has no more. */
export function takeNodePorts(
  range: PortRange,
  service: Service,
  old: Service | undefined,
  { view, moment }: Circumstances,
): Taken {
  const before = new Set(old === undefined ? [] : nodePortsOf(old.spec));
  rejectTakenPorts(range, service, before, view);
  const spec = withNodePorts(range, service, view, moment.random);
  const now = new Set(nodePortsOf(spec));
  return {
    spec,
    writes: [
      ...[...before.difference(now)].map((port) => giveBack(NODE_PORTS, String(port))),
      ...[...now.difference(before)].map((port) => take(NODE_PORTS, String(port), service)),
    ],
  };
}

export function releaseNodePorts(spec: ServiceSpec): readonly Write[] {
  return [...new Set(nodePortsOf(spec))].map((port) => giveBack(NODE_PORTS, String(port)));
}

function nodePortsOf({ ports = [] }: ServiceSpec): number[] {
  return ports.flatMap(({ nodePort }) => nodePort || []);
}

function rejectTakenPorts(
  [first, last]: PortRange,
  service: Service,
  before: ReadonlySet<number>,
  view: View,
): void {
  for (const [i, { nodePort }] of (service.spec.ports ?? []).entries()) {
    if (!nodePort || before.has(nodePort)) continue;
    if (nodePort < first || nodePort > last) {
      const range = `The range of valid ports is ${first}-${last}`;
      throw refused(service, i, `provided port is not in the valid range. ${range}`);
    }
    if (!isFree(NODE_PORTS, String(nodePort), view)) {
      throw refused(service, i, "provided port is already allocated");
    }
  }
}

/** Two protocols of one port share their node port. */
function withNodePorts(
  [first, last]: PortRange,
  service: Service,
  view: View,
  random: () => number,
): ServiceSpec {
  const { ports = [] } = service.spec;
  if (!needsNodePorts(service.spec) || ports.every(({ nodePort }) => nodePort)) return service.spec;
  const own = new Set(nodePortsOf(service.spec));
  const byPort = new Map(ports.flatMap(({ port, nodePort }) => nodePort ? [[port, nodePort]] : []));
  const isFreeAt = (place: number) =>
    !own.has(first + place) && isFree(NODE_PORTS, String(first + place), view);
  const choose = (port: ServicePort, i: number) => {
    const place = pickFree(last - first + 1, isFreeAt, random);
    if (place === undefined) {
      throw refused(service, i, "failed to allocate a nodePort: range is full");
    }
    own.add(first + place);
    byPort.set(port.port, first + place);
    return first + place;
  };
  const chosen = ports.map((port, i) =>
    port.nodePort ? port : { ...port, nodePort: byPort.get(port.port) ?? choose(port, i) }
  );
  return { ...service.spec, ports: chosen };
}

function refused(service: Service, i: number, why: string): StatusError {
  const nodePort = service.spec.ports?.[i]?.nodePort ?? 0;
  return invalidStatus(SERVICES, service.metadata.name, [
    invalid(`spec.ports[${i}].nodePort`, nodePort, why),
  ]);
}
