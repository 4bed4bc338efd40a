import { RCODE_NAMES } from "./wire.ts";

/** What this server has done since it started. */
export class DnsMetrics {
  /** Those that reached the agent. */
  readonly requests = { udp: 0, tcp: 0 };
  readonly #responses = new Map<number, number>();
  /** Answers of other servers that were told again. */
  cacheHits = 0;
  forwarded = 0;
  forwardFailures = 0;
  /** Packets that are no questions, or that could not be answered. */
  dropped = 0;

  /** @param inKernel answers that the kernel gave before the agent was asked, by code */
  constructor(readonly inKernel: () => ReadonlyMap<number, number> = () => new Map()) {}

  countResponse(rcode: number): void {
    this.#responses.set(rcode, (this.#responses.get(rcode) ?? 0) + 1);
  }

  /** In Prometheus' text. Source of the names: CoreDNS. */
  text(): string {
    const inKernel = this.inKernel();
    const answeredInKernel = [...inKernel.values()].reduce((sum, count) => sum + count, 0);
    const responses = new Map(this.#responses);
    for (const [code, count] of inKernel) responses.set(code, (responses.get(code) ?? 0) + count);
    const families: [name: string, help: string, points: [labels: string, value: number][]][] = [
      ["coredns_dns_requests_total", "DNS requests by transport.", [
        ['{proto="udp"}', this.requests.udp + answeredInKernel],
        ['{proto="tcp"}', this.requests.tcp],
      ]],
      [
        "coredns_dns_responses_total",
        "DNS responses by code.",
        [...responses].map(([code, count]) => [
          `{rcode="${RCODE_NAMES[code] ?? code}"}`,
          count,
        ]),
      ],
      ["wherry_dns_answered_in_kernel_total", "DNS requests that no process saw.", [
        ["", answeredInKernel],
      ]],
      ["coredns_cache_hits_total", "Answers of other servers told again.", [["", this.cacheHits]]],
      ["coredns_forward_requests_total", "Queries to other servers.", [["", this.forwarded]]],
      ["coredns_forward_failures_total", "Questions that no server answered.", [
        ["", this.forwardFailures],
      ]],
      ["coredns_dropped_packets_total", "Packets that got no answer.", [["", this.dropped]]],
    ];
    return families.filter(([, , points]) => points.length > 0).map(([name, help, points]) =>
      `# HELP ${name} ${help}\n# TYPE ${name} counter\n` +
      points.map(([labels, value]) => `${name}${labels} ${value}\n`).join("")
    ).join("");
  }
}
