/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Reads and rewrites packets of TCP and UDP over IPv4, as links hand them over. */
#pragma once
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "pod_path.h"

#define FRAGMENT bpf_htons(0x3fff) /* more to come, or not the first */
#define IP_BYTES sizeof(struct iphdr)
#define PORTS_AT (ETH_HLEN + IP_BYTES)
#define TCP_FLAGS_AT (PORTS_AT + 13)
#define TCP_SYN 0x02
#define TCP_ACK 0x10
/* Offsets of the checksum. Source: RFC 9293, RFC 768. */
#define TCP_CHECKSUM_AT (PORTS_AT + 16)
#define UDP_CHECKSUM_AT (PORTS_AT + 6)

struct packet {
	struct tuple tuple;
	bool starts; /* the first of a TCP connection */
};

static __always_inline struct iphdr *ipv4_of(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	struct iphdr *ip = data + ETH_HLEN;

	if (skb->protocol != bpf_htons(ETH_P_IP) || (void *)(ip + 1) > (void *)(long)skb->data_end)
		return NULL;
	return ip;
}

/* False for all but whole packets of TCP and UDP without options of IP. */
static __always_inline bool read_packet(struct __sk_buff *skb, struct packet *packet)
{
	const struct iphdr *ip = ipv4_of(skb);
	const __u8 *data = (void *)(long)skb->data;
	const __u8 *end = (void *)(long)skb->data_end;
	const __be16 *ports = (const void *)(data + PORTS_AT);

	if (!ip || ip->ihl != 5 || (ip->frag_off & FRAGMENT) || data + PORTS_AT + 8 > end)
		return false;
	packet->tuple = (struct tuple){
		.from = { .ip = ip->saddr, .port = ports[0] },
		.to = { .ip = ip->daddr, .port = ports[1] },
		.protocol = ip->protocol,
	};
	packet->starts = false;
	if (ip->protocol == IPPROTO_UDP)
		return true;
	if (ip->protocol != IPPROTO_TCP || data + TCP_FLAGS_AT + 1 > end)
		return false;
	packet->starts = (data[TCP_FLAGS_AT] & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	return true;
}

/* Which end of a packet is rewritten: where its address and its port stand. */
#define SOURCE_IP_AT (ETH_HLEN + offsetof(struct iphdr, saddr))
#define TARGET_IP_AT (ETH_HLEN + offsetof(struct iphdr, daddr))

static __always_inline bool rewrite(struct __sk_buff *skb, __u32 protocol, bool is_source,
				    const struct backend *old, const struct backend *new)
{
	__u32 checksum_at = protocol == IPPROTO_TCP ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT;
	__u64 flags = protocol == IPPROTO_TCP ? 0 : BPF_F_MARK_MANGLED_0;
	__u32 ip_at = is_source ? SOURCE_IP_AT : TARGET_IP_AT;
	__u32 port_at = is_source ? PORTS_AT : PORTS_AT + 2;

	if (bpf_l4_csum_replace(skb, checksum_at, old->ip, new->ip,
				flags | BPF_F_PSEUDO_HDR | sizeof(new->ip)) ||
	    bpf_l4_csum_replace(skb, checksum_at, old->port, new->port, flags | sizeof(new->port)))
		return false;
	return !bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), old->ip, new->ip,
				    sizeof(new->ip)) &&
	       !bpf_skb_store_bytes(skb, ip_at, &new->ip, sizeof(new->ip), 0) &&
	       !bpf_skb_store_bytes(skb, port_at, &new->port, sizeof(new->port), 0);
}

static __always_inline struct tuple turned(const struct tuple *tuple)
{
	return (struct tuple){
		.from = tuple->to,
		.to = tuple->from,
		.protocol = tuple->protocol,
	};
}
