# CFG_LEAK_AUDIT when enabled embeds a PTA that shows one TA what is allocated
# in the secure world, for whom, from where and since when, see
# pta_leak_audit.h. Single allocations are known with
# CFG_TEE_CORE_MALLOC_DEBUG=y only, pool figures with CFG_WITH_STATS=y only.
CFG_LEAK_AUDIT ?= n
# Events (sessions, invokes, mappings) that are kept, 96 bytes each, 0 for none
CFG_LEAK_AUDIT_EVENTS ?= 512
# TA instances that can be distinguished as owners of allocations, 24 bytes each
CFG_LEAK_AUDIT_OWNERS ?= 128
# Call stacks of allocations that are kept while an audit runs, 16 bytes each, 0
# for none. It takes a 64-bit Arm core with CFG_UNWIND=y, others record the
# caller only.
CFG_LEAK_AUDIT_STACKS ?= 512
# Report secure physical addresses and the load address of the core as they
# are, not for production
CFG_LEAK_AUDIT_RAW_ADDRESSES ?= n
