/* SPDX-License-Identifier: BSD-2-Clause */
/* A library that uses libteec, to be loaded by a program that does not. */
#include "teec.h"

int plugin(void);

int plugin(void)
{
	TEEC_Context context;

	if (TEEC_InitializeContext(0, &context))
		return 1;
	TEEC_FinalizeContext(&context);
	return 0;
}
