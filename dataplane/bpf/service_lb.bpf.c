// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * Rewrites the destination of sockets from a service's frontend (cluster IP, external IP or node port) to one
 * of its pods, when they connect or, unconnected UDP, when they send; no packet is touched afterwards.
 * Answers and getpeername() show the frontend again.
 * Hooks: cgroup sock_addr, on the cgroup that holds the host's processes and its containers. IPv4-mapped
 * sockets connect by connect6; their messages reach sendmsg4 by themselves, so there is no sendmsg6.
 * frontends, backends, sleepers and node_addresses are written by dataplane/ebpf_backend.ts; attempts is read there.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "service_lb.h"
#include "service_maps.h"

#define NS_PER_SECOND 1000000000ull
/* Clients that try again and again are told of once in this time. */
#define REPORT_EVERY_NS (NS_PER_SECOND / 4)

/* What a hook returns. */
#define REFUSE 0
#define PROCEED 1

/* By id of the service; looked at only where a service has no backend. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SLEEPERS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct sleeper);
} sleepers SEC(".maps");

/* Ids of sleeping services that somebody asked for; full: the next attempt is told. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ATTEMPTS_BYTES);
} attempts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, AFFINITIES_MAX);
	__type(key, struct affinity_key);
	__type(value, struct affinity);
} affinities SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct flow);
} connected SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct flows);
} unconnected SEC(".maps");

static __always_inline bool is_same(const struct backend *a, const struct backend *b)
{
	return a->ip == b->ip && a->port == b->port;
}

static __always_inline bool is_node_address(struct bpf_sock_addr *ctx, __be32 address)
{
	if ((bpf_ntohl(address) >> 24) == 127) /* a pod's loopback is its own */
		return bpf_get_netns_cookie(ctx) == bpf_get_netns_cookie(NULL);
	return bpf_map_lookup_elem(&node_addresses, &address) != NULL;
}

/* Copies the service out, since its element may be reused as soon as it is replaced. */
static __always_inline bool find_service(struct bpf_sock_addr *ctx, const struct backend *to,
					 struct service *service)
{
	struct frontend_key key = {
		.address = to->ip,
		.port = to->port,
		.protocol = (__u8)ctx->protocol,
		.scope = SCOPE_ADDRESS,
	};
	const struct service *found = bpf_map_lookup_elem(&frontends, &key);

	if (!found) {
		key.address = 0;
		key.scope = SCOPE_NODE;
		found = bpf_map_lookup_elem(&frontends, &key);
		if (!found || !is_node_address(ctx, to->ip))
			return false;
	}
	*service = *found;
	return true;
}

/* Backends take turns, so that each gets its even share of any number of connections. */
static __always_inline bool pick_turn(const struct service *service, __u32 turn,
				      struct backend *picked)
{
	__u32 index = service->backend_first + turn % service->backend_count;
	const struct backend *backend = bpf_map_lookup_elem(&backends, &index);

	if (!backend || !backend->ip)
		return false;
	*picked = *backend;
	return true;
}

static __always_inline bool pick_affine(struct bpf_sock_addr *ctx, const struct service *service,
					__u32 turn, struct backend *picked)
{
	struct affinity_key key = {
		.client = bpf_get_netns_cookie(ctx),
		.service_id = service->id,
	};
	struct affinity *known = bpf_map_lookup_elem(&affinities, &key);
	struct affinity fresh = { .last_used_ns = bpf_ktime_get_ns() };
	__u64 limit_ns = service->affinity_seconds * NS_PER_SECOND;

	if (known && fresh.last_used_ns - known->last_used_ns < limit_ns) {
		*picked = known->backend;
		if (is_kept(service, picked, &known->generation)) {
			known->last_used_ns = fresh.last_used_ns;
			return true;
		}
	}
	if (!pick_turn(service, turn, picked))
		return false;
	fresh.backend = *picked;
	fresh.generation = service->generation;
	bpf_map_update_elem(&affinities, &key, &fresh, BPF_ANY);
	return true;
}

/* Tells that a service without pods is asked for. A TCP connection waits at the holder. */
static __always_inline bool wake(struct bpf_sock_addr *ctx, __u32 id, struct backend *picked)
{
	struct sleeper *sleeper = bpf_map_lookup_elem(&sleepers, &id);
	__u64 now = bpf_ktime_get_ns();

	if (!sleeper)
		return false;
	if (now - sleeper->reported_ns >= REPORT_EVERY_NS &&
	    !bpf_ringbuf_output(&attempts, &id, sizeof(id), 0))
		sleeper->reported_ns = now;
	if (ctx->protocol != IPPROTO_TCP || !sleeper->holder.ip)
		return false;
	*picked = sleeper->holder;
	return true;
}

static __always_inline bool pick(struct bpf_sock_addr *ctx, const struct service *service,
				 struct backend *picked)
{
	__u32 id = service->id;
	struct counters *count = bpf_map_lookup_elem(&counters, &id);
	/* Two connections at the same instant may get the same turn. */
	__u32 turn = count ? (__u32)count->connections : bpf_get_prandom_u32();
	bool is_picked = false;

	if (service->backend_count)
		is_picked = service->affinity_seconds ? pick_affine(ctx, service, turn, picked)
						      : pick_turn(service, turn, picked);
	else
		is_picked = wake(ctx, id, picked);
	if (count)
		__sync_fetch_and_add(is_picked ? &count->connections : &count->refusals, 1);
	if (is_picked)
		count_connection(id, picked);
	if (!is_picked)
		bpf_set_retval(-ECONNREFUSED);
	return is_picked;
}

/* `to` is the frontend on entry, and the pod when this returns PROCEED for a service. */
static __always_inline int translate_connect(struct bpf_sock_addr *ctx, struct backend *to)
{
	struct backend frontend = *to;
	struct service service;
	struct flow *flow;

	if (!find_service(ctx, to, &service)) {
		bpf_sk_storage_delete(&connected, ctx->sk); /* UDP sockets connect again */
		return PROCEED;
	}
	if (!pick(ctx, &service, to))
		return REFUSE;
	flow = bpf_sk_storage_get(&connected, ctx->sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (flow) {
		flow->frontend = frontend;
		flow->backend = *to;
	}
	return PROCEED;
}

static __always_inline struct flow *flow_to(struct flows *flows, const struct backend *frontend)
{
	for (int i = 0; i < FLOWS_MAX; i++)
		if (flows->flow[i].backend.ip && is_same(&flows->flow[i].frontend, frontend))
			return &flows->flow[i];
	return NULL;
}

/* A socket keeps its pod for each frontend while that pod serves, as a connection would. */
static __always_inline int translate_message(struct bpf_sock_addr *ctx, struct backend *to)
{
	struct backend frontend = *to;
	struct service service;
	struct flows *flows;
	struct flow *flow;

	if (!find_service(ctx, to, &service))
		return PROCEED;
	flows = bpf_sk_storage_get(&unconnected, ctx->sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!flows)
		return REFUSE;
	flow = flow_to(flows, &frontend);
	if (flow) {
		*to = flow->backend;
		if (is_kept(&service, to, &flow->generation))
			return PROCEED;
	}
	if (!pick(ctx, &service, to))
		return REFUSE;
	if (!flow)
		flow = &flows->flow[flows->next++ % FLOWS_MAX];
	flow->frontend = frontend;
	flow->backend = *to;
	flow->generation = service.generation;
	return PROCEED;
}

/* Turns the pod's address back into the frontend that the socket asked for. */
static __always_inline bool restore(struct bpf_sock_addr *ctx, struct backend *from)
{
	const struct flow *flow;
	const struct flows *flows;

	if (!ctx->sk)
		return false;
	flow = bpf_sk_storage_get(&connected, ctx->sk, NULL, 0);
	if (flow && is_same(&flow->backend, from)) {
		*from = flow->frontend;
		return true;
	}
	flows = bpf_sk_storage_get(&unconnected, ctx->sk, NULL, 0);
	if (!flows)
		return false;
	for (int i = 0; i < FLOWS_MAX; i++)
		if (flows->flow[i].backend.ip && is_same(&flows->flow[i].backend, from)) {
			*from = flows->flow[i].frontend;
			return true;
		}
	return false;
}

static __always_inline bool is_mapped(const struct bpf_sock_addr *ctx)
{
	return !ctx->user_ip6[0] && !ctx->user_ip6[1] && ctx->user_ip6[2] == bpf_htonl(0xffff);
}

static __always_inline int restore4(struct bpf_sock_addr *ctx)
{
	struct backend from = { .ip = ctx->user_ip4, .port = (__be16)ctx->user_port };

	if (restore(ctx, &from)) {
		ctx->user_ip4 = from.ip;
		ctx->user_port = from.port;
	}
	return PROCEED;
}

static __always_inline int restore6(struct bpf_sock_addr *ctx)
{
	struct backend from = { .ip = ctx->user_ip6[3], .port = (__be16)ctx->user_port };

	if (is_mapped(ctx) && restore(ctx, &from)) {
		ctx->user_ip6[3] = from.ip;
		ctx->user_port = from.port;
	}
	return PROCEED;
}

SEC("cgroup/connect4")
int service_connect4(struct bpf_sock_addr *ctx)
{
	struct backend to = { .ip = ctx->user_ip4, .port = (__be16)ctx->user_port };

	if (translate_connect(ctx, &to) == REFUSE)
		return REFUSE;
	ctx->user_ip4 = to.ip;
	ctx->user_port = to.port;
	return PROCEED;
}

SEC("cgroup/connect6")
int service_connect6(struct bpf_sock_addr *ctx)
{
	struct backend to = { .ip = ctx->user_ip6[3], .port = (__be16)ctx->user_port };

	if (!is_mapped(ctx))
		return PROCEED;
	if (translate_connect(ctx, &to) == REFUSE)
		return REFUSE;
	ctx->user_ip6[3] = to.ip;
	ctx->user_port = to.port;
	return PROCEED;
}

SEC("cgroup/sendmsg4")
int service_sendmsg4(struct bpf_sock_addr *ctx)
{
	struct backend to = { .ip = ctx->user_ip4, .port = (__be16)ctx->user_port };

	if (translate_message(ctx, &to) == REFUSE)
		return REFUSE;
	ctx->user_ip4 = to.ip;
	ctx->user_port = to.port;
	return PROCEED;
}

SEC("cgroup/recvmsg4")
int service_recvmsg4(struct bpf_sock_addr *ctx)
{
	return restore4(ctx);
}

SEC("cgroup/recvmsg6")
int service_recvmsg6(struct bpf_sock_addr *ctx)
{
	return restore6(ctx);
}

SEC("cgroup/getpeername4")
int service_getpeername4(struct bpf_sock_addr *ctx)
{
	return restore4(ctx);
}

SEC("cgroup/getpeername6")
int service_getpeername6(struct bpf_sock_addr *ctx)
{
	return restore6(ctx);
}

char LICENSE[] SEC("license") = "GPL";
