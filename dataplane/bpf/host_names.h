/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Layout shared with dataplane/host_name_maps.ts: change both, and bump HOST_NAMES_ABI there. */
#pragma once
#include <linux/types.h>

/* Sandboxes of pods, those that were made anew included, and some that are just being taken away. */
#define STAND_INS_MAX 4096
#define STAND_IN_BYTES 32
/* The longest that a kernel takes, and a zero. */
#define HOST_NAME_BYTES 65
/* Some thousand beginnings that nobody has read yet. */
#define HELD_BYTES (1 << 17)

struct stand_in {
	__u8 name[STAND_IN_BYTES]; /* with zeros behind it */
};

struct host_name {
	__u8 name[HOST_NAME_BYTES]; /* with zeros behind it */
	__u8 unused[3];
};

struct held {
	__u32 pid; /* in the first PID namespace */
	__s32 refused; /* 0, or why it runs: then it has the wrong name */
	struct stand_in stand_in;
};

_Static_assert(sizeof(struct stand_in) == 32, "keep in step with host_name_maps.ts");
_Static_assert(sizeof(struct host_name) == 68, "keep in step with host_name_maps.ts");
_Static_assert(sizeof(struct held) == 40, "keep in step with host_name_maps.ts");
