/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Layout shared with dataplane/pod_path_maps.ts: change both, and bump SERVICE_LB_ABI in maps.ts. */
#pragma once
#include <linux/types.h>

#include "service_lb.h"

#define PODS_MAX 4096
#define PEERS_MAX 65536
/* Connections from outside; the one that was silent for longest is forgotten first. */
#define ARRIVALS_MAX 65536

/* How many backends are weighed for a client; where there are more, it has a part of them. */
#define WEIGHED_MAX 256

/* A policy is about the pod: its packets take the way that nftables looks at. */
#define POD_GUARDED 1

/* A pod of this node, by its address in network byte order. */
struct pod {
	__u32 ifindex; /* of the host's end of its link */
	__u8 mac[6];
	__u8 flags;
	__u8 pad;
};

struct range {
	__u32 prefix_length;
	__be32 network;
};

/* Another node: its pods' range and its own address lead to it. */
struct peer {
	__u32 ifindex; /* of the overlay's link */
	__be32 next_hop; /* the node's end of the overlay */
};

/* One direction of a connection, by where its packets come from and go to. */
struct tuple {
	struct backend from;
	struct backend to;
	__u32 protocol;
};

/* Where a client's packets to a frontend go, on the node that they reach first. */
struct arrival {
	struct backend backend;
	__u32 generation; /* of the set that it was picked from */
};

/* Whose answers a pod's packets to such a client are, on the pod's node. */
struct reply {
	struct backend frontend;
	__u32 ifindex; /* of the link that leads to the client; 0: it is this host */
	__u32 service_id;
};

_Static_assert(sizeof(struct pod) == 12, "keep in step with pod_path_maps.ts");
_Static_assert(sizeof(struct range) == 8, "keep in step with pod_path_maps.ts");
_Static_assert(sizeof(struct peer) == 8, "keep in step with pod_path_maps.ts");
_Static_assert(sizeof(struct tuple) == 20, "no gaps: it is a key");
