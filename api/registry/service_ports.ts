import type { Service, ServicePort, ServiceSpec } from "../types/core_v1.ts";
import { invalid, invalidStatus } from "../types/field_errors.ts";
import { SERVICES } from "../types/resources.ts";
import type { StatusError } from "../types/status.ts";
import type { View, Write } from "../../store/store.ts";
import { giveBack, isFree, pickFree, type Pool, take } from "./allocations.ts";
import { needsHealthPort, needsNodePorts } from "./service_defaults.ts";
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

function nodePortsOf({ ports = [], healthCheckNodePort }: ServiceSpec): number[] {
  return [
    ...ports.flatMap(({ nodePort }) => nodePort || []),
    ...[healthCheckNodePort || []].flat(),
  ];
}

function rejectTakenPorts(
  [first, last]: PortRange,
  service: Service,
  before: ReadonlySet<number>,
  view: View,
): void {
  for (const [field, port] of namedPorts(service.spec)) {
    if (!port || before.has(port)) continue;
    if (port < first || port > last) {
      const range = `The range of valid ports is ${first}-${last}`;
      throw refused(service, [field, port], `provided port is not in the valid range. ${range}`);
    }
    if (!isFree(NODE_PORTS, String(port), view)) {
      throw refused(service, [field, port], "provided port is already allocated");
    }
  }
}

type FieldAndPort = readonly [field: string, port: number | undefined];

const nodePortAt = (i: number) => `spec.ports[${i}].nodePort`;
const HEALTH_PORT = "spec.healthCheckNodePort";

function namedPorts({ ports = [], healthCheckNodePort }: ServiceSpec): FieldAndPort[] {
  const own = ports.map(({ nodePort }, i): FieldAndPort => [nodePortAt(i), nodePort]);
  return [...own, [HEALTH_PORT, healthCheckNodePort]];
}

/** Two protocols of one port share their node port. */
function withNodePorts(
  [first, last]: PortRange,
  service: Service,
  view: View,
  random: () => number,
): ServiceSpec {
  const { spec } = service;
  const { ports = [] } = spec;
  const needsPorts = needsNodePorts(spec) && ports.some(({ nodePort }) => !nodePort);
  const needsHealth = needsHealthPort(spec) && !spec.healthCheckNodePort;
  if (!needsPorts && !needsHealth) return spec;
  const own = new Set(nodePortsOf(spec));
  const byPort = new Map(ports.flatMap(({ port, nodePort }) => nodePort ? [[port, nodePort]] : []));
  const isFreeAt = (place: number) =>
    !own.has(first + place) && isFree(NODE_PORTS, String(first + place), view);
  const choose = (field: string) => {
    const place = pickFree(last - first + 1, isFreeAt, random);
    if (place === undefined) {
      throw refused(service, [field, 0], "failed to allocate a nodePort: range is full");
    }
    own.add(first + place);
    return first + place;
  };
  const choosePort = ({ port }: ServicePort, i: number) => {
    const nodePort = byPort.get(port) ?? choose(nodePortAt(i));
    byPort.set(port, nodePort);
    return nodePort;
  };
  const chosen = ports.map((port, i) =>
    port.nodePort || !needsPorts ? port : { ...port, nodePort: choosePort(port, i) }
  );
  return {
    ...spec,
    ...(needsPorts ? { ports: chosen } : {}),
    ...(needsHealth ? { healthCheckNodePort: choose(HEALTH_PORT) } : {}),
  };
}

function refused(service: Service, [field, port = 0]: FieldAndPort, why: string): StatusError {
  return invalidStatus(SERVICES, service.metadata.name, [invalid(field, port, why)]);
}
