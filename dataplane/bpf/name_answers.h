/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Layout shared with dataplane/name_maps.ts: change both, and bump NAME_ANSWERS_ABI there. */
#pragma once
#include <linux/types.h>

#define ANSWERS_MAX 16384
/* Longer names are left to the agent. */
#define NAME_MAX_BYTES 126
/* Longer answers too. Header, longest name, type, class, records and OPT stay below 512 bytes. */
#define RECORDS_MAX_BYTES 256
#define RCODES 16

struct question {
	__be16 type;
	__u8 name[NAME_MAX_BYTES]; /* in lower case, as on the wire, and zeros behind it */
};

struct answer {
	__u32 id; /* another one for each answer that is written */
	__u16 bytes; /* of all records */
	__u16 turn_bytes; /* of one record where each client gets another one first; else 0 */
	__u16 answers;
	__u16 authorities;
	__u16 additionals;
	__u8 rcode;
	__u8 is_authoritative;
	__u8 records[2 * RECORDS_MAX_BYTES]; /* where they take turns: all of them, twice */
	__u32 id_again; /* tells an answer that was overwritten while it was read */
};

struct settings {
	__be32 address; /* 0: nothing is answered */
};

_Static_assert(sizeof(struct question) == 128, "keep in step with name_maps.ts");
_Static_assert(sizeof(struct answer) == 532, "keep in step with name_maps.ts");
