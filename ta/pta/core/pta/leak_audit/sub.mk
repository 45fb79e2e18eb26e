srcs-y += address.c
srcs-y += canary.c
srcs-y += census.c
srcs-y += events.c
srcs-y += hooks.c
srcs-y += instances.c
srcs-y += leak_audit.c
srcs-y += owners.c
srcs-y += pools.c
srcs-y += records.c
srcs-y += regions.c
srcs-y += reply.c
srcs-y += sessions.c
srcs-y += sites.c
srcs-y += stacks.c
srcs-y += tag.c

# What runs once for each block or region, some of it with the heap locked
cflags-address.c-y += -O2
cflags-regions.c-y += -O2
cflags-reply.c-y += -O2
cflags-sites.c-y += -O2
cflags-stacks.c-y += -O2
