// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * What may leave the secure world of an address. Secure physical addresses
 * are replaced by a hash with a key that changes with each boot, which keeps
 * equality and nothing else.
 */

#include <crypto/crypto.h>
#include <initcall.h>
#include <kernel/panic.h>
#include <mm/mobj.h>
#include <string.h>

#include "private.h"

static uint64_t hash_key[2];
static uint64_t boot_id;

static TEE_Result init_secrets(void)
{
	if (crypto_rng_read(hash_key, sizeof(hash_key)) ||
	    crypto_rng_read(&boot_id, sizeof(boot_id)))
		panic("leak audit");

	return TEE_SUCCESS;
}
service_init_late(init_secrets);

uint64_t audit_boot_id(void)
{
	return boot_id;
}

static uint64_t rotl(uint64_t v, unsigned int n)
{
	return (v << n) | (v >> (64 - n));
}

struct sip {
	uint64_t a;
	uint64_t b;
	uint64_t c;
	uint64_t d;
};

/* By value, and inline: the state stays in registers */
static inline __attribute__((always_inline)) struct sip sip_round(struct sip v)
{
	v.a += v.b;
	v.b = rotl(v.b, 13) ^ v.a;
	v.a = rotl(v.a, 32);
	v.c += v.d;
	v.d = rotl(v.d, 16) ^ v.c;
	v.a += v.d;
	v.d = rotl(v.d, 21) ^ v.a;
	v.c += v.b;
	v.b = rotl(v.b, 17) ^ v.c;
	v.c = rotl(v.c, 32);

	return v;
}

static inline __attribute__((always_inline)) struct sip sip_block(struct sip v, uint64_t m)
{
	v.d ^= m;
	v = sip_round(v);
	v.a ^= m;

	return v;
}

/* SipHash-1-3 of one eight byte message */
static uint64_t keyed_hash(uint64_t m)
{
	struct sip v = {
		hash_key[0] ^ UINT64_C(0x736f6d6570736575),
		hash_key[1] ^ UINT64_C(0x646f72616e646f6d),
		hash_key[0] ^ UINT64_C(0x6c7967656e657261),
		hash_key[1] ^ UINT64_C(0x7465646279746573),
	};

	v = sip_block(v, m);
	v = sip_block(v, UINT64_C(8) << 56);
	v.c ^= 0xff;
	v = sip_round(sip_round(sip_round(v)));

	return v.a ^ v.b ^ v.c ^ v.d;
}

/* The physical address behind an offset, and what kind it is */
uint64_t audit_address(struct mobj *mobj, size_t offs, uint32_t *flags)
{
	paddr_t pa = 0;

	if (mobj_is_nonsec(mobj))
		*flags |= PTA_LEAK_AUDIT_REGION_NONSEC;

	/* Where the pager moves it there is no address that would stay */
	if (!mobj || mobj_is_paged(mobj) || mobj_get_pa(mobj, offs, 0, &pa))
		return 0;

	if (IS_ENABLED(CFG_LEAK_AUDIT_RAW_ADDRESSES) || mobj_is_nonsec(mobj)) {
		*flags |= PTA_LEAK_AUDIT_REGION_PA;
		return pa;
	}

	*flags |= PTA_LEAK_AUDIT_REGION_PA_HASH;
	return keyed_hash(pa);
}

uint32_t audit_region_flags(uint32_t prot, uint32_t vm_flags)
{
	uint32_t flags = 0;

	if (vm_flags & VM_FLAG_EPHEMERAL)
		flags |= PTA_LEAK_AUDIT_REGION_EPHEMERAL;
	if (vm_flags & VM_FLAG_PERMANENT)
		flags |= PTA_LEAK_AUDIT_REGION_PERMANENT;
	if (vm_flags & VM_FLAG_SHAREABLE)
		flags |= PTA_LEAK_AUDIT_REGION_SHAREABLE;
	if (vm_flags & VM_FLAG_LDELF)
		flags |= PTA_LEAK_AUDIT_REGION_LDELF;
	if (vm_flags & VM_FLAG_READONLY)
		flags |= PTA_LEAK_AUDIT_REGION_READONLY;
	if (prot & TEE_MATTR_UR)
		flags |= PTA_LEAK_AUDIT_REGION_READ;
	if (prot & TEE_MATTR_UW)
		flags |= PTA_LEAK_AUDIT_REGION_WRITE;
	if (prot & TEE_MATTR_UX)
		flags |= PTA_LEAK_AUDIT_REGION_EXEC;

	return flags;
}

/* Writes the end of a file name to what is all zeros */
void audit_file_name(char dst[64], uint32_t ref)
{
	const char *s = ref ? (const char *)(VCORE_START_VA + ref) : "unknown";
	size_t len = strnlen(s, ref ? audit_rodata_from(s) : 8);

	if (len > 63) {
		s += len - 63;
		len = 63;
	}
	memcpy(dst, s, len);
}
