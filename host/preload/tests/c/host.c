/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads a library that uses libteec: host LIBRARY */
#include <dlfcn.h>

int main(int argc, char **argv)
{
	void *library = dlopen(argv[argc - 1], RTLD_NOW | RTLD_LOCAL);
	int (*plugin)(void) = library ? dlsym(library, "plugin") : 0;

	return plugin ? plugin() : 1;
}
