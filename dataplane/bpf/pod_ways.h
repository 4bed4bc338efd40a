/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Where pods are, and how a packet is handed to them: written by dataplane/pod_path.ts, only read here. */
#pragma once
#include "packets.h"

/* What a hook returns: the next program, and at last the host's stack. Source: linux/bpf.h, enum tcx_action_base. */
#define THROUGH_HOST -1
#define DROP 2
/* What a step returns that is not about such a packet. */
#define NOT_ABOUT -2

/* Of a reply: the frontend was removed meanwhile. */
#define NO_SERVICE 0xffffffff
#define TO_THIS_HOST 0 /* PACKET_HOST. Source: linux/if_packet.h */
#define AF_INET 2
/* Not asked for the neighbour, which redirecting finds. Source: linux/bpf.h, kernels since 6.3 */
#define SKIP_NEIGHBOUR (1U << 2)

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PODS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __be32);
	__type(value, struct pod);
} pods SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, PEERS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct range);
	__type(value, struct peer);
} peers SEC(".maps");

static __always_inline const struct peer *peer_at(__be32 address)
{
	struct range at = { .prefix_length = 32, .network = address };

	return bpf_map_lookup_elem(&peers, &at);
}

/* As if it had come in by the pod's own link. */
static __always_inline int to_pod(struct __sk_buff *skb, const struct pod *pod)
{
	if (pod->flags & POD_GUARDED)
		return THROUGH_HOST;
	if (bpf_skb_store_bytes(skb, 0, pod->mac, sizeof(pod->mac), 0))
		return THROUGH_HOST;
	bpf_skb_change_type(skb, TO_THIS_HOST);
	return bpf_redirect_peer(pod->ifindex, 0);
}

static __always_inline int to_peer(const struct peer *peer)
{
	struct bpf_redir_neigh hop = { .nh_family = AF_INET, .ipv4_nh = peer->next_hop };

	return bpf_redirect_neigh(peer->ifindex, &hop, sizeof(hop), 0);
}

/* A frame that carries the frontend in its source, and says so by its target. Source: overlay_plan.ts */
struct forwarded {
	__u8 mark[2];
	__be32 next_hop;
	__be32 frontend_ip;
	__be16 frontend_port;
} __attribute__((packed));

#define FORWARDED_MARK { 0x0a, 0x5a }

/* To the node of the backend, which answers the client by itself. */
static __always_inline int forward(struct __sk_buff *skb, const struct peer *peer,
				   const struct backend *frontend)
{
	struct forwarded frame = {
		.mark = FORWARDED_MARK,
		.next_hop = peer->next_hop,
		.frontend_ip = frontend->ip,
		.frontend_port = frontend->port,
	};

	if (bpf_skb_store_bytes(skb, 0, &frame, sizeof(frame), 0))
		return DROP;
	return bpf_redirect(peer->ifindex, 0);
}
