// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * Stops each process that begins under a host name that only stands in for a pod's, before its first instruction, and
 * tells the agent, which gives its UTS namespace the pod's own name and lets it go on.
 * Hook: tp_btf/sched_process_exec, for every exec of the host; what has its name costs one look into a map.
 * stand_ins is written by dataplane/host_names.ts and only read here; held is read there.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "host_names.h"

#define SIGKILL 9
#define SIGSTOP 19

/* What is used of the kernel's own: fields are found by name when the program is loaded. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct new_utsname {
	char nodename[HOST_NAME_BYTES];
};

struct uts_namespace {
	struct new_utsname name;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
};

struct task_struct {
	int pid;
	struct nsproxy *nsproxy;
};
#pragma clang attribute pop

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STAND_INS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct stand_in);
	__type(value, struct host_name);
} stand_ins SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, HELD_BYTES);
} held SEC(".maps");

SEC("tp_btf/sched_process_exec")
int hold_unnamed(__u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];
	struct stand_in name = {};
	struct held *told;

	bpf_probe_read_kernel_str(&name, sizeof(name), task->nsproxy->uts_ns->name.nodename);
	if (!bpf_map_lookup_elem(&stand_ins, &name))
		return 0;
	told = bpf_ringbuf_reserve(&held, sizeof(*told), 0);
	if (!told) {
		/* nobody would hear of it: rather none than one with a wrong name, or one that waits for ever */
		bpf_send_signal(SIGKILL);
		return 0;
	}
	told->pid = task->pid;
	told->stand_in = name;
	told->refused = bpf_send_signal(SIGSTOP);
	bpf_ringbuf_submit(told, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
