/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Clients from outside: the node that they reach picks a pod (`arrive`), sends them on to its node (`take_forwarded`)
 * where that is another one, and the pod's node answers them by itself (`answer`).
 */
#pragma once
#include "pod_ways.h"
#include "service_maps.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARRIVALS_MAX);
	__type(key, struct tuple);
	__type(value, struct arrival);
} arrivals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ARRIVALS_MAX);
	__type(key, struct tuple);
	__type(value, struct reply);
} replies SEC(".maps");

/* Other than 0 once there was a reply: until then no packet of a pod is looked up among them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} has_replies SEC(".maps");

static __always_inline bool has_any_reply(void)
{
	__u32 first = 0;
	const __u32 *has = bpf_map_lookup_elem(&has_replies, &first);

	return has && *has;
}

/* A connection to the pod itself may have the numbers of an earlier one by way of a service. */
static __always_inline void forget_reply(struct __sk_buff *skb)
{
	struct packet packet;
	struct tuple answer;

	if (!has_any_reply() || !read_packet(skb, &packet))
		return;
	if (packet.tuple.protocol == IPPROTO_TCP && !packet.starts)
		return;
	answer = turned(&packet.tuple);
	if (bpf_map_lookup_elem(&replies, &answer))
		bpf_map_delete_elem(&replies, &answer);
}

/* `ifindex`: of the link by which the client is reached. */
static __always_inline void remember_reply(const struct tuple *arrived, const struct backend *pod,
					   __u32 ifindex, __u32 service_id)
{
	struct tuple answer = { .from = *pod, .to = arrived->from, .protocol = arrived->protocol };
	struct reply fresh = {
		.frontend = arrived->to,
		.ifindex = ifindex,
		.service_id = service_id,
	};
	struct reply *known = bpf_map_lookup_elem(&replies, &answer);
	__u32 first = 0;
	__u32 *has = bpf_map_lookup_elem(&has_replies, &first);

	if (known && known->frontend.ip == fresh.frontend.ip &&
	    known->frontend.port == fresh.frontend.port)
		return;
	bpf_map_update_elem(&replies, &answer, &fresh, BPF_ANY);
	if (has)
		*has = 1;
}

/* Copies the service of a frontend out; at `any_node`: also of another node's port. */
static __always_inline bool find_service(const struct tuple *tuple, bool any_node,
					 struct service *service)
{
	struct frontend_key key = {
		.address = tuple->to.ip,
		.port = tuple->to.port,
		.protocol = (__u8)tuple->protocol,
		.scope = SCOPE_ADDRESS,
	};
	const struct service *found = bpf_map_lookup_elem(&frontends, &key);

	if (!found) {
		key.address = 0;
		key.scope = SCOPE_NODE;
		found = bpf_map_lookup_elem(&frontends, &key);
		if (!found || (!any_node && !bpf_map_lookup_elem(&node_addresses, &tuple->to.ip)))
			return false;
	}
	*service = *found;
	return true;
}

/* False where no client from outside is served, or nftables has to look at where it comes from. */
static __always_inline bool find_external(const struct tuple *tuple, struct service *service)
{
	return find_service(tuple, false, service) && (service->flags & FRONTEND_EXTERNAL) &&
	       !(service->flags & FRONTEND_GUARDED);
}

static __always_inline __u32 mix(__u32 a, __u32 b)
{
	a ^= b * 0x9e3779b1;
	a = (a ^ (a >> 16)) * 0x85ebca6b;
	a = (a ^ (a >> 13)) * 0xc2b2ae35;
	return a ^ (a >> 16);
}

/* The backend that weighs most for a client; never the client itself. Not static: see still_serves. */
__noinline int heaviest(__u32 first, __u32 count, __u32 seed, __be32 client)
{
	__u32 weight, most = 0;
	int found = -1;

	for (__u32 i = 0; i < WEIGHED_MAX && i < count; i++) {
		__u32 index = first + i;
		const struct backend *backend = bpf_map_lookup_elem(&backends, &index);

		if (!backend || !backend->ip || backend->ip == client)
			continue;
		weight = mix(mix(seed, backend->ip), backend->port);
		if (found >= 0 && weight <= most)
			continue;
		most = weight;
		found = (int)index;
	}
	return found;
}

/* Every node picks the same for the same client, and a change of the backends moves only who has to move. */
static __always_inline bool pick(const struct service *service, const struct tuple *tuple,
				 struct backend *picked)
{
	__u32 first = service->backend_first, count = service->backend_count;
	__u32 ports = ((__u32)tuple->from.port << 16) | tuple->to.port;
	__u32 seed = mix(tuple->from.ip, tuple->protocol);
	const struct backend *backend;
	__u32 parts, index;
	int found;

	if (!service->affinity_seconds)
		seed = mix(mix(seed, ports), tuple->to.ip);
	if (count > WEIGHED_MAX) {
		parts = (count + WEIGHED_MAX - 1) / WEIGHED_MAX;
		first += seed % parts * (count / parts);
		count /= parts;
	}
	found = heaviest(first, count, seed, tuple->from.ip);
	if (found < 0)
		return false;
	index = (__u32)found;
	backend = bpf_map_lookup_elem(&backends, &index);
	if (!backend)
		return false;
	*picked = *backend;
	return true;
}

/* A TCP connection keeps its pod until it ends, UDP while the pod serves. */
static __always_inline bool keeps(const struct packet *packet, const struct service *service,
				  struct arrival *arrival)
{
	if (packet->tuple.protocol == IPPROTO_TCP)
		return !packet->starts;
	return is_kept(service, &arrival->backend, &arrival->generation);
}

/* The pod for a packet; false where there is none. */
static __always_inline bool pod_for(const struct packet *packet, const struct service *service,
				    struct backend *backend)
{
	struct arrival *known = bpf_map_lookup_elem(&arrivals, &packet->tuple);
	struct arrival fresh = { .generation = service->generation };
	__u32 id = service->id;
	struct counters *count;

	if (known && keeps(packet, service, known)) {
		*backend = known->backend;
		return true;
	}
	count = bpf_map_lookup_elem(&counters, &id);
	if (!pick(service, &packet->tuple, backend)) {
		if (count)
			__sync_fetch_and_add(&count->refusals, 1);
		return false;
	}
	fresh.backend = *backend;
	bpf_map_update_elem(&arrivals, &packet->tuple, &fresh, BPF_ANY);
	if (count)
		__sync_fetch_and_add(&count->connections, 1);
	count_connection(id, backend);
	return true;
}

/* What a client sends to a frontend of this node. */
static __always_inline int arrive(struct __sk_buff *skb, const struct packet *packet,
				  const struct service *service)
{
	const struct backend *frontend = &packet->tuple.to;
	struct backend_counters *count;
	const struct peer *peer = NULL;
	const struct pod *pod;
	struct backend backend;

	if (!pod_for(packet, service, &backend))
		return THROUGH_HOST; /* nftables refuses it */
	pod = bpf_map_lookup_elem(&pods, &backend.ip);
	if (!pod)
		peer = peer_at(backend.ip);
	if (!pod && !peer) {
		/* it is gone: another pod, which nftables leads to, ends the connection */
		bpf_map_delete_elem(&arrivals, &packet->tuple);
		return THROUGH_HOST;
	}
	count = counters_of(service->id, &backend);
	if (count)
		__sync_fetch_and_add(&count->bytes_in, skb->len);
	if (pod)
		remember_reply(&packet->tuple, &backend, skb->ifindex, service->id);
	if (!rewrite(skb, packet->tuple.protocol, false, frontend, &backend))
		return DROP;
	if (pod)
		return to_pod(skb, pod);
	return peer ? forward(skb, peer, frontend) : DROP;
}

/* Where a client's answers leave; 0: the client is this host. */
static __always_inline __u32 link_towards(struct __sk_buff *skb, __be32 client)
{
	struct bpf_fib_lookup way = {
		.family = AF_INET,
		.ipv4_dst = client,
		.ifindex = skb->ifindex,
	};
	long result = bpf_fib_lookup(skb, &way, sizeof(way), SKIP_NEIGHBOUR);

	return result == BPF_FIB_LKUP_RET_SUCCESS ? way.ifindex : 0;
}

/* Where the node that a client reached has sent it here: see `forward`. */
static __always_inline int take_forwarded(struct __sk_buff *skb, const struct forwarded *frame)
{
	struct backend frontend = { .ip = frame->frontend_ip, .port = frame->frontend_port };
	struct service service = { .id = NO_SERVICE };
	struct packet packet;
	struct tuple arrived;
	const struct peer *peer;
	const struct pod *pod;

	if (!read_packet(skb, &packet))
		return DROP;
	pod = bpf_map_lookup_elem(&pods, &packet.tuple.to.ip);
	if (!pod) { /* back to where it came from */
		peer = peer_at(frontend.ip);
		if (!peer || !rewrite(skb, packet.tuple.protocol, false, &packet.tuple.to, &frontend))
			return DROP;
		return to_peer(peer);
	}
	arrived = packet.tuple;
	arrived.to = frontend;
	find_service(&arrived, true, &service);
	remember_reply(&arrived, &packet.tuple.to, link_towards(skb, packet.tuple.from.ip),
		       service.id);
	bpf_skb_change_type(skb, TO_THIS_HOST);
	return to_pod(skb, pod);
}

/* What a pod answers to a client that came for a frontend. */
static __always_inline int answer(struct __sk_buff *skb)
{
	struct packet packet;
	const struct reply *known;
	struct reply reply;
	const struct peer *peer;
	const struct pod *pod;
	struct backend_counters *count = NULL;

	if (!read_packet(skb, &packet))
		return NOT_ABOUT;
	known = bpf_map_lookup_elem(&replies, &packet.tuple);
	if (!known)
		return NOT_ABOUT;
	if (packet.starts) { /* a connection of the pod's own */
		bpf_map_delete_elem(&replies, &packet.tuple);
		return NOT_ABOUT;
	}
	reply = *known;
	if (reply.service_id != NO_SERVICE)
		count = counters_of(reply.service_id, &packet.tuple.from);
	if (count)
		__sync_fetch_and_add(&count->bytes_out, skb->len);
	if (!rewrite(skb, packet.tuple.protocol, true, &packet.tuple.from, &reply.frontend))
		return DROP;
	pod = bpf_map_lookup_elem(&pods, &packet.tuple.to.ip);
	if (pod)
		return to_pod(skb, pod);
	peer = peer_at(packet.tuple.to.ip);
	if (peer)
		return to_peer(peer);
	return reply.ifindex ? bpf_redirect_neigh(reply.ifindex, NULL, 0, 0) : THROUGH_HOST;
}
