/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Layout shared with dataplane/maps.ts: change both, and bump SERVICE_LB_ABI there. */
#pragma once
#include <linux/types.h>

#define FRONTENDS_MAX 65536
#define BACKENDS_MAX 524288
#define SERVICES_MAX 65536
#define AFFINITIES_MAX 16384
#define NODE_ADDRESSES_MAX 1024
#define COUNTED_BACKENDS_MAX 65536
#define SLEEPERS_MAX 1024
#define ATTEMPTS_BYTES 4096

/* How many backends of a changed block are searched for the one that a client had. */
#define KEPT_SEARCH_MAX 256
/* Virtual addresses that one unconnected UDP socket talks to at the same time. */
#define FLOWS_MAX 4

#define SCOPE_ADDRESS 0
#define SCOPE_NODE 1

/* Clients from outside the cluster may come for this frontend. */
#define FRONTEND_EXTERNAL 1
/* Not all of them: nftables looks at where they come from. */
#define FRONTEND_GUARDED 2

/* All addresses and ports are in network byte order. */
struct frontend_key {
	__be32 address; /* 0 in SCOPE_NODE: any address of the node */
	__be16 port;
	__u8 protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	__u8 scope;
};

struct service {
	__u32 id; /* index into the counters map; frontends of one service share it */
	__u32 generation; /* another one for each set of backends, never used twice */
	__u32 backend_first; /* index into the backends map */
	__u32 backend_count; /* 0: no ready endpoint, the connection is refused */
	__u32 affinity_seconds; /* 0: every connection picks anew */
	__u32 flags; /* of this frontend alone */
};

struct backend {
	__be32 ip;
	__be16 port;
	__u16 pad;
};

struct counters {
	__u64 connections;
	__u64 refusals;
};

/* One pod of one service. */
struct counted_backend {
	__u32 service_id;
	struct backend backend;
};

struct backend_counters {
	__u64 connections;
	__u64 bytes_in; /* from clients */
	__u64 bytes_out;
};

/* Of a service whose pods are started by the first who asks for them. */
struct sleeper {
	struct backend holder; /* who takes TCP connections meanwhile; ip 0: they are refused */
	__u64 reported_ns; /* when an attempt was last told */
};

struct affinity_key {
	__u64 client; /* cookie of the network namespace: the pod, or the host */
	__u32 service_id;
	__u32 pad;
};

struct affinity {
	__u64 last_used_ns;
	struct backend backend;
	__u32 generation;
	__u32 pad;
};

/* What a socket asked for and what it got. */
struct flow {
	struct backend frontend;
	struct backend backend; /* ip 0: unused */
	__u32 generation;
};

struct flows {
	__u32 next;
	struct flow flow[FLOWS_MAX];
};

_Static_assert(sizeof(struct frontend_key) == 8, "keep in step with maps.ts");
_Static_assert(sizeof(struct service) == 24, "keep in step with maps.ts");
_Static_assert(sizeof(struct backend) == 8, "keep in step with maps.ts");
_Static_assert(sizeof(struct counters) == 16, "keep in step with maps.ts");
_Static_assert(sizeof(struct sleeper) == 16, "keep in step with maps.ts");
_Static_assert(sizeof(struct counted_backend) == 12, "keep in step with maps.ts");
_Static_assert(sizeof(struct backend_counters) == 24, "keep in step with maps.ts");
