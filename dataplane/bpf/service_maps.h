/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Services as all programs see them: written by dataplane/ebpf_backend.ts, only the counters are written here. */
#pragma once
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#include "service_lb.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FRONTENDS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct frontend_key);
	__type(value, struct service);
} frontends SEC(".maps");

/* A service owns the block [backend_first, backend_first + backend_count); a block in use never changes. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BACKENDS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERVICES_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NODE_ADDRESSES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __be32);
	__type(value, __u32);
} node_addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, COUNTED_BACKENDS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct counted_backend);
	__type(value, struct backend_counters);
} backend_counters SEC(".maps");

/* NULL: there is no room for another one. */
static __always_inline struct backend_counters *counters_of(__u32 service_id,
							     const struct backend *backend)
{
	struct counted_backend key = { .service_id = service_id, .backend = *backend };
	struct backend_counters *count = bpf_map_lookup_elem(&backend_counters, &key);
	struct backend_counters fresh = {};

	if (count)
		return count;
	bpf_map_update_elem(&backend_counters, &key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&backend_counters, &key);
}

static __always_inline void count_connection(__u32 service_id, const struct backend *backend)
{
	struct backend_counters *count = counters_of(service_id, backend);

	if (count)
		__sync_fetch_and_add(&count->connections, 1);
}

/* Not static, so that the verifier walks its loop once and not at every call. */
__noinline int still_serves(__u32 first, __u32 count, __be32 ip, __u32 port)
{
	for (__u32 i = 0; i < KEPT_SEARCH_MAX && i < count; i++) {
		__u32 index = first + i;
		const struct backend *backend = bpf_map_lookup_elem(&backends, &index);

		if (backend && backend->ip == ip && backend->port == port)
			return 1;
	}
	return 0;
}

/* A choice made from an older set of backends stands as long as the new set has it too. */
static __always_inline bool is_kept(const struct service *service, const struct backend *backend,
				    __u32 *generation)
{
	if (*generation == service->generation)
		return true;
	if (!still_serves(service->backend_first, service->backend_count, backend->ip,
			  backend->port))
		return false;
	*generation = service->generation;
	return true;
}
