/* Ours: what FatFs expects of libc is in the library that all parts share. */
#include "xen-like/lib/string.h"
