import { forbidden, invalid, required } from "../types/field_errors.ts";
import {
  NETWORK_POLICIES,
  NetworkPolicy,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
  type NetworkPolicySpec,
} from "../types/networking_v1.ts";
import type { FieldError } from "../types/status.ts";
import { text } from "./column_types.ts";
import { validatePortOrName } from "./field_rules.ts";
import type { ResourceKind } from "./kind.ts";
import { selectorText, validateLabelSelector } from "./label_selectors.ts";
import { cidrContains, validateCidr } from "./validate_cidr.ts";

export const networkPolicies: ResourceKind<NetworkPolicy> = {
  resource: NETWORK_POLICIES,
  schema: NetworkPolicy,
  singular: "networkpolicy",
  shortNames: ["netpol"],
  hasStatus: false,
  hasGeneration: true,
  default: (policy) => ({ ...policy, spec: defaultSpec(policy.spec) }),
  validate: ({ spec }) => validateSpec(spec),
  columns: [
    text(
      "Pod-Selector",
      "The pods that it is about.",
      ({ spec }) => selectorText(spec.podSelector),
    ),
  ],
};

/** What goes in is always restricted; what goes out, when there is a rule for it. */
function defaultSpec(spec: NetworkPolicySpec): NetworkPolicySpec {
  if (spec.policyTypes?.length) return spec;
  return { ...spec, policyTypes: spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"] };
}

function validateSpec(spec: NetworkPolicySpec): FieldError[] {
  const { podSelector, ingress = [], egress = [], policyTypes = [] } = spec;
  const errors = [
    ...validateLabelSelector("spec.podSelector", podSelector),
    ...ingress.flatMap(({ ports = [], from = [] }, i) => [
      ...ports.flatMap((port, n) => validatePort(`spec.ingress[${i}].ports[${n}]`, port)),
      ...from.flatMap((peer, n) => validatePeer(`spec.ingress[${i}].from[${n}]`, peer)),
    ]),
    ...egress.flatMap(({ ports = [], to = [] }, i) => [
      ...ports.flatMap((port, n) => validatePort(`spec.egress[${i}].ports[${n}]`, port)),
      ...to.flatMap((peer, n) => validatePeer(`spec.egress[${i}].to[${n}]`, peer)),
    ]),
  ];
  if (policyTypes.length <= 2) return errors;
  return [
    ...errors,
    invalid("spec.policyTypes", policyTypes, "may not specify more than two policyTypes"),
  ];
}

function validatePort(field: string, { port, endPort }: NetworkPolicyPort): FieldError[] {
  const errors = validatePortOrName(`${field}.port`, port);
  if (endPort === undefined) return errors;
  const at = `${field}.endPort`;
  if (port === undefined) {
    return [...errors, invalid(at, endPort, "may not be specified when `port` is not specified")];
  }
  if (typeof port === "string") {
    return [...errors, invalid(at, endPort, "may not be specified when `port` is non-numeric")];
  }
  if (endPort < port) {
    errors.push(invalid(at, endPort, "must be greater than or equal to `port`"));
  }
  return endPort <= 65535
    ? errors
    : [...errors, invalid(at, endPort, "must be between 1 and 65535, inclusive")];
}

function validatePeer(field: string, peer: NetworkPolicyPeer): FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const errors = [
    ...validateLabelSelector(`${field}.podSelector`, podSelector),
    ...validateLabelSelector(`${field}.namespaceSelector`, namespaceSelector),
  ];
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined;
  if (ipBlock === undefined) {
    return hasSelector ? errors : [...errors, required(field, "must specify a peer")];
  }
  errors.push(...validateBlock(`${field}.ipBlock`, ipBlock));
  const why = "may not specify both ipBlock and another peer";
  return hasSelector ? [...errors, forbidden(field, why)] : errors;
}

function validateBlock(
  field: string,
  { cidr, except = [] }: NonNullable<NetworkPolicyPeer["ipBlock"]>,
): FieldError[] {
  if (!cidr) return [];
  const errors = validateCidr(`${field}.cidr`, cidr);
  return [
    ...errors,
    ...except.flatMap((inner, i) => {
      const at = `${field}.except[${i}]`;
      const wrong = validateCidr(at, inner);
      if (wrong.length > 0 || errors.length > 0 || cidrContains(cidr, inner)) return wrong;
      return [invalid(at, inner, "must be a strict subset of `cidr`")];
    }),
  ];
}
