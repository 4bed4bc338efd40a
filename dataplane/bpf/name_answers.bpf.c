// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * Answers questions for names where they enter the host: over UDP, at the address of the cluster's DNS, with records
 * that the agent has worked out before. Whatever is not known, or not plain, passes on to the agent.
 * Hook: TCX ingress of the host's end of every pod's link; the answer goes back by the same link.
 * answers and settings are written by dataplane/name_answers.ts and only read here.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "name_answers.h"

/* Where the chain of programs goes on: TCX_NEXT, which older headers lack. */
#define PASS_ON TC_ACT_UNSPEC

#define DNS_PORT 53
#define CLASS_IN 1
#define TYPE_OPT 41
#define FRAGMENT 0x3fff

/* Second and third byte of flags. */
#define FLAGS_REPLY 0x80
#define FLAGS_OPCODE 0x78
#define FLAGS_AUTHORITATIVE 0x04
#define FLAGS_RECURSION_DESIRED 0x01
#define FLAGS_RECURSION_AVAILABLE 0x80

struct dns_header {
	__u16 id;
	__u8 flags[2];
	__be16 questions;
	__be16 answers;
	__be16 authorities;
	__be16 additionals;
};

struct packet {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct dns_header dns;
} __attribute__((packed));

struct question_end {
	__be16 type;
	__be16 class;
} __attribute__((packed));

struct opt_record {
	__u8 root;
	__be16 type;
	__be16 size;
	__u8 extended_rcode;
	__u8 version;
	__be16 flags;
	__be16 bytes;
} __attribute__((packed));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ANSWERS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct question);
	__type(value, struct answer);
} answers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

/* Answers given, by code. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RCODES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} given SEC(".maps");

struct work {
	struct question question;
	struct answer answer;
};

/* Too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct work);
} work SEC(".maps");

static __always_inline struct packet *packet_of(struct __sk_buff *skb)
{
	struct packet *packet = (void *)(long)skb->data;

	return (void *)(packet + 1) > (void *)(long)skb->data_end ? NULL : packet;
}

/* Sent to the cluster's DNS, in one piece; this is all that other packets cost. */
static __always_inline bool is_for_us(struct __sk_buff *skb)
{
	const struct packet *packet;
	const struct settings *now;
	__u32 first = 0;

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return false;
	packet = packet_of(skb);
	if (!packet || packet->ip.protocol != IPPROTO_UDP || packet->udp.dest != bpf_htons(DNS_PORT))
		return false;
	now = bpf_map_lookup_elem(&settings, &first);
	return now && now->address && packet->ip.daddr == now->address &&
	       packet->ip.version == 4 && packet->ip.ihl == 5 &&
	       !(packet->ip.frag_off & bpf_htons(FRAGMENT)) &&
	       sizeof(packet->eth) + bpf_ntohs(packet->ip.tot_len) == skb->len &&
	       sizeof(packet->ip) + bpf_ntohs(packet->udp.len) == bpf_ntohs(packet->ip.tot_len);
}

static __always_inline bool is_plain_query(const struct packet *packet)
{
	return !(packet->dns.flags[0] & (FLAGS_REPLY | FLAGS_OPCODE)) &&
	       packet->dns.questions == bpf_htons(1) && !packet->dns.answers &&
	       !packet->dns.authorities &&
	       (!packet->dns.additionals || packet->dns.additionals == bpf_htons(1));
}

/* Copies the name in lower case. Returns its length on the wire, 0 where it is cut off or too long. */
static __always_inline __u32 read_name(struct __sk_buff *skb, struct question *question)
{
	const __u8 *name = (void *)(long)skb->data + sizeof(struct packet);
	const __u8 *end = (void *)(long)skb->data_end;
	__u32 length = 0;

	for (__u32 i = 0; i < NAME_MAX_BYTES; i++) {
		__u8 byte = 0;

		if (!length) {
			if (name + i + 1 > end)
				return 0;
			byte = name[i];
			if (byte >= 'A' && byte <= 'Z')
				byte |= 0x20;
			if (!byte)
				length = i + 1;
		}
		question->name[i] = byte;
	}
	return length;
}

/* What stands behind the question: nothing, or how much the client takes, which is enough for any answer here. */
static __always_inline bool is_plain_end(struct __sk_buff *skb, __u32 at, bool has_opt)
{
	struct opt_record opt;

	if (!has_opt)
		return skb->len == at;
	if (skb->len != at + sizeof(opt) || bpf_skb_load_bytes(skb, at, &opt, sizeof(opt)))
		return false;
	return !opt.root && opt.type == bpf_htons(TYPE_OPT) && !opt.version && !opt.bytes;
}

/* Returns where the records go, 0 for what is left to the agent. */
static __always_inline __u32 read_question(struct __sk_buff *skb, struct question *question,
					   bool *has_opt)
{
	const struct packet *packet = packet_of(skb);
	struct question_end tail;
	__u32 length;
	__u32 at;

	if (!packet || !is_plain_query(packet))
		return 0;
	*has_opt = packet->dns.additionals != 0;
	length = read_name(skb, question);
	if (!length)
		return 0;
	at = sizeof(struct packet) + length;
	if (bpf_skb_load_bytes(skb, at, &tail, sizeof(tail)) || tail.class != bpf_htons(CLASS_IN))
		return 0;
	question->type = tail.type;
	at += sizeof(tail);
	return is_plain_end(skb, at, *has_opt) ? at : 0;
}

/* A copy, since the element may be reused as soon as it is replaced. */
static __always_inline bool find_answer(const struct question *question, struct answer *answer)
{
	const struct answer *found = bpf_map_lookup_elem(&answers, question);
	__u32 id;

	if (!found)
		return false;
	id = *(volatile const __u32 *)&found->id_again;
	barrier();
	__builtin_memcpy(answer, found, sizeof(*answer));
	barrier();
	return answer->id == id && *(volatile const __u32 *)&found->id == id &&
	       answer->rcode < RCODES;
}

static __always_inline int store_records(struct __sk_buff *skb, __u32 at,
					 const struct answer *answer)
{
	__u32 bytes = answer->bytes;
	__u32 from = 0;

	if (!bytes || bytes > RECORDS_MAX_BYTES)
		return -1;
	if (answer->turn_bytes && answer->answers)
		from = bpf_get_prandom_u32() % answer->answers * answer->turn_bytes;
	if (from > RECORDS_MAX_BYTES)
		return -1;
	return bpf_skb_store_bytes(skb, at, answer->records + from, bytes, 0);
}

static __always_inline int store_opt(struct __sk_buff *skb, __u32 at)
{
	struct opt_record opt = { .type = bpf_htons(TYPE_OPT), .size = bpf_htons(1232) };

	return bpf_skb_store_bytes(skb, at, &opt, sizeof(opt), 0);
}

static __always_inline void turn_around(struct packet *packet, __u32 length)
{
	__u8 mac[ETH_ALEN];
	__be32 address = packet->ip.saddr;
	__be16 port = packet->udp.source;
	const __u16 *words = (void *)&packet->ip;
	__u32 sum = 0;

	__builtin_memcpy(mac, packet->eth.h_source, ETH_ALEN);
	__builtin_memcpy(packet->eth.h_source, packet->eth.h_dest, ETH_ALEN);
	__builtin_memcpy(packet->eth.h_dest, mac, ETH_ALEN);
	packet->ip.saddr = packet->ip.daddr;
	packet->ip.daddr = address;
	packet->ip.ttl = 64;
	packet->ip.tot_len = bpf_htons(length - sizeof(packet->eth));
	packet->ip.check = 0;
#pragma unroll
	for (int i = 0; i < (int)sizeof(packet->ip) / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	packet->ip.check = ~((sum & 0xffff) + (sum >> 16));
	packet->udp.source = packet->udp.dest;
	packet->udp.dest = port;
	packet->udp.len = bpf_htons(length - sizeof(packet->eth) - sizeof(packet->ip));
	packet->udp.check = 0; /* none: it crosses no wire */
}

static __always_inline void fill_header(struct packet *packet, const struct answer *answer,
					bool has_opt)
{
	__u8 asked = packet->dns.flags[0] & FLAGS_RECURSION_DESIRED;

	packet->dns.flags[0] = FLAGS_REPLY | asked |
			       (answer->is_authoritative ? FLAGS_AUTHORITATIVE : 0);
	packet->dns.flags[1] = FLAGS_RECURSION_AVAILABLE | answer->rcode;
	packet->dns.answers = bpf_htons(answer->answers);
	packet->dns.authorities = bpf_htons(answer->authorities);
	packet->dns.additionals = bpf_htons(answer->additionals + has_opt);
}

static __always_inline void count(const struct answer *answer)
{
	__u32 rcode = answer->rcode;
	__u64 *given_before = bpf_map_lookup_elem(&given, &rcode);

	if (given_before)
		__sync_fetch_and_add(given_before, 1);
}

/* From here on the packet is no question any more: what fails is dropped, and the client asks again. */
static __always_inline int reply(struct __sk_buff *skb, __u32 at, const struct answer *answer,
				 bool has_opt)
{
	__u32 records_end = at + answer->bytes;
	__u32 length = records_end + (has_opt ? sizeof(struct opt_record) : 0);
	struct packet *packet;

	if (bpf_skb_change_tail(skb, length, 0))
		return TC_ACT_SHOT;
	if (store_records(skb, at, answer) || (has_opt && store_opt(skb, records_end)))
		return TC_ACT_SHOT;
	packet = packet_of(skb);
	if (!packet)
		return TC_ACT_SHOT;
	turn_around(packet, length);
	fill_header(packet, answer, has_opt);
	count(answer);
	return bpf_redirect(skb->ifindex, 0);
}

SEC("tc")
int answer_names(struct __sk_buff *skb)
{
	bool has_opt = false;
	__u32 first = 0;
	struct work *mine;
	__u32 at;

	if (!is_for_us(skb) || bpf_skb_pull_data(skb, skb->len))
		return PASS_ON;
	mine = bpf_map_lookup_elem(&work, &first);
	if (!mine)
		return PASS_ON;
	at = read_question(skb, &mine->question, &has_opt);
	if (!at || !find_answer(&mine->question, &mine->answer))
		return PASS_ON;
	return reply(skb, at, &mine->answer, has_opt);
}

char LICENSE[] SEC("license") = "GPL";
