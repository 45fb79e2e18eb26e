/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads libteec by itself and asks it for its functions: loader LIBRARY */
#include <dlfcn.h>
#include <stdio.h>

#include "teec.h"

int main(int argc, char **argv)
{
	void *library = dlopen(argv[argc - 1], RTLD_NOW | RTLD_LOCAL);
	TEEC_Result (*initialize)(const char *, TEEC_Context *) = NULL;
	void (*finalize)(TEEC_Context *) = NULL;
	TEEC_Context context;

	if (!library)
		return 1;
	initialize = dlsym(library, "TEEC_InitializeContext");
	finalize = dlsym(library, "TEEC_FinalizeContext");
	if (!initialize || !finalize || dlsym(library, "TEEC_NoSuchThing"))
		return 1;
	if (!dlsym(RTLD_DEFAULT, "printf") || dlsym(RTLD_DEFAULT, "no_such_thing"))
		return 1;
	if (initialize(NULL, &context))
		return 1;
	finalize(&context);
	return 0;
}
