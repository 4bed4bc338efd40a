// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * Hands packets from link to link, past the host's routing, filters and connection tracking: from a pod to another
 * pod of the node, to the overlay, and from the overlay to a pod. Answers what clients from outside send to
 * frontends of services: the node that they reach picks a pod, and the pod's node answers them by itself.
 * Hooks: TCX ingress of the host's end of every pod's link (from_pod), of the overlay (from_overlay) and of links
 * to the world (from_uplink). Whatever is not known for certain takes the way through the host.
 * pods and peers are written by dataplane/pod_path.ts and only read here; arrivals and replies are the programs' own.
 */
#include <linux/bpf.h>

#include "arrivals.h"

SEC("tc")
int from_pod(struct __sk_buff *skb)
{
	const struct iphdr *ip = ipv4_of(skb);
	const struct pod *from, *to;
	const struct peer *peer;
	int done;

	if (!ip)
		return THROUGH_HOST;
	from = bpf_map_lookup_elem(&pods, &ip->saddr);
	if (!from || from->ifindex != skb->ifindex)
		return THROUGH_HOST;
	if (has_any_reply()) {
		done = answer(skb);
		if (done != NOT_ABOUT)
			return done;
		ip = ipv4_of(skb);
		if (!ip)
			return THROUGH_HOST;
	}
	if (from->flags & POD_GUARDED)
		return THROUGH_HOST;
	to = bpf_map_lookup_elem(&pods, &ip->daddr);
	if (to)
		return to_pod(skb, to);
	peer = peer_at(ip->daddr);
	return peer ? to_peer(peer) : THROUGH_HOST;
}

SEC("tc")
int from_overlay(struct __sk_buff *skb)
{
	const struct iphdr *ip = ipv4_of(skb);
	const __u8 mark[] = FORWARDED_MARK;
	struct forwarded frame;
	struct service service;
	struct packet packet;
	const struct pod *to;

	if (!ip || bpf_skb_load_bytes(skb, 0, &frame, sizeof(frame)))
		return THROUGH_HOST;
	if (frame.mark[0] == mark[0] && frame.mark[1] == mark[1])
		return take_forwarded(skb, &frame);
	to = bpf_map_lookup_elem(&pods, &ip->daddr);
	if (to) {
		if (!peer_at(ip->saddr))
			return THROUGH_HOST;
		forget_reply(skb);
		return to_pod(skb, to);
	}
	if (!read_packet(skb, &packet) || !find_external(&packet.tuple, &service))
		return THROUGH_HOST;
	if (peer_at(packet.tuple.from.ip))
		return arrive(skb, &packet, &service);
	/* sent back, since its pod is gone: another one, which nftables leads to, ends the connection */
	bpf_map_delete_elem(&arrivals, &packet.tuple);
	return THROUGH_HOST;
}

SEC("tc")
int from_uplink(struct __sk_buff *skb)
{
	struct service service;
	struct packet packet;

	if (!read_packet(skb, &packet))
		return THROUGH_HOST;
	if (find_external(&packet.tuple, &service))
		return arrive(skb, &packet, &service);
	if (bpf_map_lookup_elem(&pods, &packet.tuple.to.ip))
		forget_reply(skb);
	return THROUGH_HOST;
}

char LICENSE[] SEC("license") = "GPL";
