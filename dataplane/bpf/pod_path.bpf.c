// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * Hands packets of pods from link to link, past the host's routing, filters and connection tracking: from a pod
 * to another pod of the node, to the overlay, and from the overlay to a pod.
 * Hooks: TCX ingress of the host's end of every pod's link (from_pod) and of the overlay (from_overlay). Whatever
 * is not known for certain takes the way through the host.
 * pods and peers are written by dataplane/pod_path.ts and only read here.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "pod_path.h"

/* What a hook returns: the next program, and at last the host's stack. Source: linux/bpf.h, enum tcx_action_base. */
#define THROUGH_HOST -1
#define TO_THIS_HOST 0 /* PACKET_HOST. Source: linux/if_packet.h */
#define AF_INET 2

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

static __always_inline struct iphdr *ipv4_of(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	struct iphdr *ip = data + sizeof(struct ethhdr);

	if (skb->protocol != bpf_htons(ETH_P_IP) || (void *)(ip + 1) > (void *)(long)skb->data_end)
		return NULL;
	return ip;
}

static __always_inline const struct peer *peer_at(__be32 address)
{
	struct range at = { .prefix_length = 32, .network = address };

	return bpf_map_lookup_elem(&peers, &at);
}

/* As if it had come in by the pod's own link. */
static __always_inline int to_pod_link(struct __sk_buff *skb, const struct pod *pod)
{
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

SEC("tc")
int from_pod(struct __sk_buff *skb)
{
	const struct iphdr *ip = ipv4_of(skb);
	const struct pod *from, *to;
	const struct peer *peer;

	if (!ip)
		return THROUGH_HOST;
	from = bpf_map_lookup_elem(&pods, &ip->saddr);
	if (!from || from->ifindex != skb->ifindex || (from->flags & POD_GUARDED))
		return THROUGH_HOST;
	to = bpf_map_lookup_elem(&pods, &ip->daddr);
	if (to)
		return to->flags & POD_GUARDED ? THROUGH_HOST : to_pod_link(skb, to);
	peer = peer_at(ip->daddr);
	return peer ? to_peer(peer) : THROUGH_HOST;
}

SEC("tc")
int from_overlay(struct __sk_buff *skb)
{
	const struct iphdr *ip = ipv4_of(skb);
	const struct pod *to;

	if (!ip || !peer_at(ip->saddr))
		return THROUGH_HOST;
	to = bpf_map_lookup_elem(&pods, &ip->daddr);
	if (!to || (to->flags & POD_GUARDED))
		return THROUGH_HOST;
	return to_pod_link(skb, to);
}

char LICENSE[] SEC("license") = "GPL";
