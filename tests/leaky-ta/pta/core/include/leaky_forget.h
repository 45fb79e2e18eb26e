/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * For tests only: statements that are skipped on demand, see forget.toml.
 */

#ifndef __LEAKY_FORGET_H
#define __LEAKY_FORGET_H

#include <stdbool.h>

/* Whether statement number @n of forget.toml, from 1, is to be skipped now */
bool leaky_forgets(unsigned int n);

#endif /*__LEAKY_FORGET_H*/
